import math

import pytest

from i2ikit.interfaces.progress import Progress
from i2ikit.registry import SCHEDULES
from i2ikit.schedules import After, Constant, Linear, LinearDecay, LinearDecayToZero, StepwiseLinearDecay, Until


def in_epoch(epoch: int) -> Progress:
    return Progress(epoch=epoch, step=epoch, epochs=400, steps=400)


def at_step(step: int, steps: int) -> Progress:
    return Progress(epoch=1, step=step, epochs=1, steps=steps)


@pytest.mark.parametrize(
    "name", ["After", "Constant", "Linear", "LinearDecay", "LinearDecayToZero", "StepwiseLinearDecay", "Until"]
)
def test_every_schedule_is_found_by_its_name(name):
    assert SCHEDULES.get(name).__name__ == name


def test_constant_is_one_unless_told_otherwise():
    assert Constant()(in_epoch(7)) == 1.0
    assert Constant(0.3)(in_epoch(7)) == 0.3


@pytest.mark.parametrize(("epoch", "factor"), [(1, 0.05), (20, 1.0), (100, 1.0), (101, 0.990099), (200, 0.009901)])
def test_linear_decay_has_the_published_factors_of_enco(epoch, factor):
    assert LinearDecay(100, 100, warmup=20)(in_epoch(epoch)) == pytest.approx(factor, abs=1e-6)


def test_linear_decay_without_warmup_starts_at_one():
    assert LinearDecay(200, 200)(in_epoch(1)) == 1.0


def test_linear_decay_is_the_rule_of_cut_in_every_epoch():
    schedule = LinearDecay(150, 50)
    for epoch in range(1, 201):
        assert schedule(in_epoch(epoch)) == 1.0 - max(0, epoch - 150) / float(50 + 1)


def test_linear_decay_stays_at_zero_after_its_end():
    assert LinearDecay(2, 2)(in_epoch(50)) == 0.0


def test_linear_decay_to_zero_starts_an_epoch_earlier_and_ends_at_zero():
    schedule = LinearDecayToZero(100, 100)
    assert schedule(in_epoch(99)) == 1.0
    assert schedule(in_epoch(100)) == pytest.approx(100 / 101)
    assert schedule(in_epoch(199)) == pytest.approx(1 / 101)
    assert schedule(in_epoch(200)) == 0.0
    assert schedule(in_epoch(300)) == 0.0


def test_stepwise_decay_is_a_line_from_half_of_the_run_to_its_end():
    factors = [StepwiseLinearDecay()(at_step(step, 8)) for step in range(1, 9)]
    assert factors == pytest.approx([1, 1, 1, 1, 1, 0.75, 0.5, 0.25])


def test_stepwise_decay_follows_a_shortened_run():
    assert StepwiseLinearDecay(0.0)(at_step(3, 4)) == pytest.approx(0.5)


def test_stepwise_decay_from_the_end_on_is_no_decay():
    assert StepwiseLinearDecay(1.0)(at_step(9, 9)) == 1.0


def test_until_holds_in_its_last_epoch():
    assert [Until(2, 10.0)(in_epoch(epoch)) for epoch in (1, 2, 3)] == [10.0, 10.0, 0.0]
    assert Until(2, 10.0, then=1.0)(in_epoch(3)) == 1.0


def test_after_begins_in_the_next_epoch():
    assert [After(2, 10.0)(in_epoch(epoch)) for epoch in (1, 2, 3)] == [0.0, 0.0, 10.0]
    assert After(2, 10.0, before=5.0)(in_epoch(1)) == 5.0


def test_linear_joins_its_ends():
    schedule = Linear(50, 10, first=3, last=7)
    assert [schedule(in_epoch(epoch)) for epoch in (1, 3, 4, 5, 7, 90)] == [50, 50, 40, 30, 10, 10]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: LinearDecay(-1, 2), "constant must be an integer of at least 0, not -1"),
        (lambda: LinearDecay(1, 2.5), r"decay must be an integer of at least 0, not 2\.5"),
        (lambda: LinearDecay(10, 2, warmup=11), "warmup must not be longer than constant = 10 epochs, but is 11"),
        (lambda: LinearDecayToZero(1, -2), "decay must be an integer"),
        (lambda: StepwiseLinearDecay(1.5), r"start must be in 0\.\.1, not 1\.5"),
        (lambda: Until(True, 1.0), "epoch must be an integer of at least 0, not True"),
        (lambda: After(-3, 1.0), "epoch must be an integer"),
        (lambda: Linear(0, 1, first=4, last=4), "last must come after first = 4, but is 4"),
        (lambda: Linear(0, 1, first=0, last=4), "first must be an integer above 0"),
    ],
)
def test_a_wrong_argument_is_named_with_its_value(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_no_schedule_gives_a_number_that_is_not_finite():
    schedules = [LinearDecay(0, 0), LinearDecayToZero(0, 0), StepwiseLinearDecay(0.0), StepwiseLinearDecay(1.0)]
    assert all(math.isfinite(schedule(at_step(1, 1))) for schedule in schedules)
