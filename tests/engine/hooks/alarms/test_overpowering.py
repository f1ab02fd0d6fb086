import math

import pytest
import torch

from i2ikit.engine.hooks.alarms import OverpoweringAlarm
from i2ikit.losses.adversarial import HingeLoss, LSGANLoss, VanillaGANLoss, WGANLoss
from i2ikit.terms.adversarial import AdversarialTerm, DiscriminatorTerm


def term(loss=None):
    return DiscriminatorTerm("b", "b", "ab(a)", loss or LSGANLoss())


@pytest.fixture
def play(new_run):
    """Shows an alarm a run whose discriminator has these losses, and returns the run."""

    def play(alarm, values, terms=None, first=1):
        run = new_run(terms=terms or {"d": term()})
        run.attach(alarm, "overpowering").before_train(run)
        for step, value in enumerate(values, start=first):
            run.step(alarm, step, d=torch.tensor(value))
        return run

    return play


def test_a_loss_near_0_over_a_window_triggers_with_its_fraction(play):
    run = play(OverpoweringAlarm(below=0.02, steps=4), [0.004, 0.0, 0.004, 0.008])
    # the mean, 0.004, is 0.8 % of 0.5: the least-squares loss of logits that are all 0
    assert "over the last 4 steps the loss 'd' was 0.80% of the loss of logits" in run.notes[0]
    assert run.lines[0]["step"] == 4


def test_a_window_with_some_errors_does_not_trigger_and_the_next_begins_at_0(play):
    run = play(OverpoweringAlarm(below=0.02, steps=4), [0.001] * 3 + [0.3] + [0.02] * 4)
    assert run.notes == []


@pytest.mark.parametrize(
    ("loss", "undecided"), [(VanillaGANLoss(), math.log(2)), (HingeLoss(), 1.0), (LSGANLoss(), 0.5)]
)
def test_the_scale_is_that_of_the_loss(loss, undecided, play):
    assert play(OverpoweringAlarm(0.1, 1), [0.09 * undecided], {"d": term(loss)}).notes
    assert not play(OverpoweringAlarm(0.1, 1), [0.11 * undecided], {"d": term(loss)}).notes


def test_a_loss_without_a_scale_and_the_generators_term_are_left_out(play):
    assert not play(OverpoweringAlarm(0.1, 1), [0.0], {"d": term(WGANLoss())}).notes
    assert not play(OverpoweringAlarm(0.1, 1), [0.0], {"d": AdversarialTerm("b", "ab(a)", LSGANLoss())}).notes


def test_a_window_continues_after_a_resume(play):
    first = OverpoweringAlarm(below=0.02, steps=4)
    play(first, [0.2, 0.2])
    second = OverpoweringAlarm(below=0.02, steps=4)
    second.load_state_dict(first.state_dict())
    assert not play(second, [0.0, 0.0], first=3).notes
    assert play(second, [0.0] * 4, first=5).notes


def test_a_threshold_must_be_above_0():
    with pytest.raises(ValueError, match="below must be above 0, not 0"):
        OverpoweringAlarm(below=0)
