import math

import pytest

from i2ikit.interfaces.progress import Progress
from i2ikit.schedules import CosineDecay, StepDecay


def test_cosine_is_one_at_the_first_step_and_nears_its_floor_at_the_last():
    factors = [CosineDecay(floor=0.1)(Progress(1, step, 1, 8)) for step in range(1, 9)]
    expected = [0.1 + 0.9 * (1 + math.cos(math.pi * t / 8)) / 2 for t in range(8)]
    assert factors == pytest.approx(expected)
    assert factors[0] == 1


def test_steps_multiply_after_every_so_many_epochs():
    factors = [StepDecay(every=3, factor=0.1)(Progress(epoch, epoch, 9, 9)) for epoch in range(1, 10)]
    assert factors == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: CosineDecay(1.5), r"floor must be in 0\.\.1"),
        (lambda: StepDecay(every=0), "every must be an integer above 0"),
        (lambda: StepDecay(factor=-1), r"factor must be in 0\.\.1"),
    ],
)
def test_a_wrong_argument_is_named_with_its_value(build, message):
    with pytest.raises(ValueError, match=message):
        build()
