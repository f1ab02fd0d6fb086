import pytest

from i2ikit.engine.assemble import run_length, steps_per_epoch
from i2ikit.errors import DataError


@pytest.mark.parametrize(
    ("section", "per_epoch", "max_steps", "steps", "epochs"),
    [
        ({"epochs": 3}, 7, None, 21, 3),
        ({"epochs": 3}, 7, 10, 10, 2),
        ({"epochs": 3}, 7, 100, 21, 3),
        ({"steps": 20}, 7, None, 20, 3),
        ({"steps": 20}, 7, 7, 7, 1),
    ],
)
def test_the_length_of_a_run_comes_from_epochs_or_steps(section, per_epoch, max_steps, steps, epochs):
    assert run_length(section, per_epoch, max_steps) == {"steps": steps, "epochs": epochs}


def test_an_epoch_must_have_enough_batches_for_a_step():
    assert steps_per_epoch([0] * 7, 2) == 3
    with pytest.raises(DataError, match=r"3 batches, fewer than one step of train\.accumulate=4.*accumulate=3"):
        steps_per_epoch([0] * 3, 4)
