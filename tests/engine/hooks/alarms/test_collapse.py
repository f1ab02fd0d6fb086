"""Mode collapse; pain 23: it goes unnoticed."""

import pytest
import torch

from i2ikit.engine.hooks.alarms import CollapseAlarm


@pytest.mark.parametrize(
    ("outputs", "spread"),
    [
        (lambda x: x, 1.0),
        (lambda x: -x, 1.0),
        (lambda x: 0.5 * x, 0.5),
        (lambda x: torch.zeros_like(x), 0.0),
        (lambda x: x - x.mean(), 0.0),  # the images differ in their mean alone
    ],
)
def test_the_spread_of_outputs_is_measured_against_that_of_inputs(outputs, spread, outputs_of):
    assert CollapseAlarm().measure(outputs_of(outputs)) == pytest.approx(spread, abs=1e-6)


def test_one_image_or_equal_images_are_skipped(outputs_of):
    assert CollapseAlarm().measure(outputs_of(lambda x: x, count=1)) is None
    same = outputs_of(lambda x: x)
    same.inputs[:] = [same.inputs[0]] * len(same.inputs)
    assert CollapseAlarm().measure(same) is None


def test_images_of_different_sizes_are_compared(outputs_of):
    sizes = outputs_of(lambda x: x)
    sizes.inputs[0] = sizes.outputs[0] = torch.zeros(3, 48, 20)
    assert CollapseAlarm().measure(sizes) == pytest.approx(1)


def test_the_message_has_the_values():
    text = CollapseAlarm(below=0.2).describe("ab", 0.034)
    assert "'ab'" in text
    assert "3.4%" in text
    assert "below 20%" in text
