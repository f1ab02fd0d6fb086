import pytest

from i2ikit.interfaces.progress import Progress, rate_curve
from i2ikit.schedules import Constant, LinearDecay, LinearDecayToZero, StepDecay, StepwiseLinearDecay


@pytest.mark.parametrize("per_epoch", [1, 7])
def test_a_run_of_the_length_of_the_schedule_has_its_epochs(per_epoch):
    steps = 12 * per_epoch
    for step in range(1, steps + 1):
        progress = Progress((step - 1) // per_epoch + 1, step, 12, steps)
        assert progress.stretched(12) == progress


@pytest.mark.parametrize(("epochs", "steps"), [(3, 30), (40, 400), (1, 17)])
def test_a_run_of_another_length_goes_through_the_same_schedule(epochs, steps):
    seen = [Progress(1, step, epochs, steps).stretched(12).epoch for step in range(1, steps + 1)]
    assert (seen[0], seen[-1]) == (1, 12)
    assert seen == sorted(seen)
    half = Progress(1, steps // 2 + 1, epochs, steps).stretched(12)
    assert half.epoch == pytest.approx(7, abs=1)
    assert half.epochs == 12


def test_a_schedule_without_a_length_is_not_stretched():
    progress = Progress(3, 30, 10, 100)
    assert progress.stretched(None) is progress


@pytest.mark.parametrize("epochs", [10, 50, 400, 500])
def test_every_length_ends_with_the_last_rate_of_the_decay_and_none_with_idle_epochs(epochs):
    curve = rate_curve(LinearDecay(constant=200, decay=200), steps=20 * epochs, epochs=epochs)
    assert curve.factors[0] == 1
    assert curve.factors[-1] == pytest.approx(0, abs=0.02)
    assert curve.warning() == ""
    assert ("stretched to" in str(curve)) == (epochs != 400)


def test_the_published_last_epoch_without_a_rate_is_no_warning():
    assert rate_curve(LinearDecayToZero(constant=100, decay=100), steps=2000, epochs=200).warning() == ""


def test_a_chart_is_one_line_with_first_highest_and_last_factor():
    text = str(rate_curve(StepwiseLinearDecay(0.5), steps=100, epochs=4))
    assert text.startswith("████")
    assert text.endswith("x1, at most x1, last x0.02")
    assert len(str(rate_curve(Constant(), steps=1, epochs=1)).split()[0]) == 1


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (StepDecay(every=50), "never changes"),
        (StepDecay(every=2, factor=0.0), "is 0 in 80% of the run"),
        (Constant(), ""),
    ],
)
def test_a_rate_that_trains_nothing_or_never_decays_is_a_warning(schedule, message):
    warning = rate_curve(schedule, steps=1000, epochs=10).warning()
    assert message in warning
    assert bool(warning) == bool(message)
