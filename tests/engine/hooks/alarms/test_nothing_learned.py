import pytest
import torch

from i2ikit.engine.hooks.alarms import NothingLearnedAlarm


@pytest.mark.parametrize(
    ("outputs", "levels"),
    [(lambda x: x, 0.0), (lambda x: x + 0.1, 12.75), (lambda x: x - 2 / 255, 1.0)],  # 1 is 127.5 levels
)
def test_the_difference_is_in_levels_of_255(outputs, levels, outputs_of):
    assert NothingLearnedAlarm().measure(outputs_of(outputs)) == pytest.approx(levels, abs=1e-4)


def test_outputs_of_other_channels_are_skipped(outputs_of):
    assert NothingLearnedAlarm().measure(outputs_of(lambda x: torch.zeros(1, 32, 32))) is None


def test_the_message_has_the_values():
    assert "differ by 0.50 of 255 levels on average (alarm below 2)" in NothingLearnedAlarm().describe("ab", 0.5)
