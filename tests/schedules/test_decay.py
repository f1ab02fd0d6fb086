import math

import pytest

from i2ikit.interfaces.progress import Progress
from i2ikit.schedules.decay import LinearDecay, LinearDecayToZero, StepwiseLinearDecay


def in_epoch(epoch: int) -> Progress:
    return Progress(epoch=epoch, step=epoch, epochs=400, steps=400)


def at_step(step: int, steps: int) -> Progress:
    return Progress(epoch=1, step=step, epochs=1, steps=steps)


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


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: LinearDecay(-1, 2), "constant must be an integer of at least 0, not -1"),
        (lambda: LinearDecay(1, 2.5), r"decay must be an integer of at least 0, not 2\.5"),
        (lambda: LinearDecay(10, 2, warmup=11), "warmup must not be longer than constant = 10 epochs, but is 11"),
        (lambda: LinearDecayToZero(1, -2), "decay must be an integer"),
        (lambda: StepwiseLinearDecay(1.5), r"start must be in 0\.\.1, not 1\.5"),
    ],
)
def test_a_wrong_argument_is_named_with_its_value(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_a_decay_without_epochs_is_finite():
    schedules = [LinearDecay(0, 0), LinearDecayToZero(0, 0), StepwiseLinearDecay(0.0), StepwiseLinearDecay(1.0)]
    assert all(math.isfinite(schedule(at_step(1, 1))) for schedule in schedules)


def test_a_stepwise_decay_rises_in_a_straight_line_during_its_warm_up():
    schedule = StepwiseLinearDecay(0.5, warmup=0.4)
    factors = [schedule(Progress(epoch=1, step=step, epochs=1, steps=10)) for step in range(1, 8)]
    assert factors == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1, 0.8])


def test_a_stepwise_warm_up_ends_before_the_decay():
    with pytest.raises(ValueError, match=r"warmup must not be longer than start = 0\.5, but is 0\.6"):
        StepwiseLinearDecay(0.5, warmup=0.6)
