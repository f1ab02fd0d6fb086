import pytest

from i2ikit.interfaces.progress import Progress
from i2ikit.schedules.weights import Constant, Linear, Until


def in_epoch(epoch: int) -> Progress:
    return Progress(epoch=epoch, step=epoch, epochs=400, steps=400)


def test_constant_is_one_by_default():
    assert Constant()(in_epoch(7)) == 1.0
    assert Constant(0.3)(in_epoch(7)) == 0.3


def test_until_holds_in_its_last_epoch():
    assert [Until(2, 10.0)(in_epoch(epoch)) for epoch in (1, 2, 3)] == [10.0, 10.0, 0.0]
    assert Until(2, 10.0, then=1.0)(in_epoch(3)) == 1.0


def test_linear_joins_its_ends():
    schedule = Linear(50, 10, first=3, last=7)
    assert [schedule(in_epoch(epoch)) for epoch in (1, 3, 4, 5, 7, 90)] == [50, 50, 40, 30, 10, 10]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Until(True, 1.0), "epoch must be an integer of at least 0, not True"),
        (lambda: Until(-3, 1.0), "epoch must be an integer"),
        (lambda: Linear(0, 1, first=4, last=4), "last must come after first = 4, but is 4"),
        (lambda: Linear(0, 1, first=0, last=4), "first must be an integer above 0"),
    ],
)
def test_a_wrong_argument_is_named_with_its_value(build, message):
    with pytest.raises(ValueError, match=message):
        build()
