import pytest

from i2ikit.engine.length import run_length


@pytest.mark.parametrize(
    ("section", "batches", "max_steps", "expected"),
    [
        ({"epochs": 3}, 7, None, (21, 3)),
        ({"epochs": 3}, 7, 10, (10, 3)),
        ({"epochs": 3}, 7, 100, (21, 3)),
        ({"steps": 20}, 7, None, (20, 3)),
        ({"steps": 20}, 7, 7, (7, 1)),
    ],
)
def test_the_length_of_a_run_comes_from_epochs_or_steps(section, batches, max_steps, expected):
    assert run_length(section, batches, max_steps) == expected
