import pytest

from i2ikit.interfaces.progress import Progress
from i2ikit.schedules import PlateauDecay

NOW = Progress(1, 1, 1, 10)


def test_the_factor_falls_after_each_patience_without_a_new_best():
    schedule = PlateauDecay(factor=0.5, patience=2)
    factors = []
    for since_best in (0, 1, 2, 3, 4, 0, 1, 2):
        schedule.observe(since_best)
        factors.append(schedule(NOW))
    assert factors == [1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]


def test_its_state_comes_back():
    first, second = PlateauDecay(patience=1), PlateauDecay(patience=1)
    first.observe(1)
    second.load_state_dict(first.state_dict())
    assert second(NOW) == first(NOW) == pytest.approx(0.2)


@pytest.mark.parametrize("arguments", [{"patience": 0}, {"factor": 2}])
def test_a_wrong_argument_is_refused(arguments):
    with pytest.raises(ValueError, match=f"{next(iter(arguments))} must be"):
        PlateauDecay(**arguments)
