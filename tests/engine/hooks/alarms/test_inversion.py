"""Color inversion; pain 12."""

import pytest
import torch

from i2ikit.engine.hooks.alarms import InversionAlarm


@pytest.mark.parametrize(
    ("outputs", "correlation"),
    [
        (lambda x: 0.3 * x + 0.2, 1.0),
        (lambda x: -x, -1.0),
        (lambda x: torch.zeros_like(x), 0.0),
        (lambda x: x * torch.tensor([1.0, -1.0, -1.0])[:, None, None], -1 / 3),  # two of three channels are inverted
        (lambda x: x.mT, 0.0),  # a ramp downwards for a ramp to the right
    ],
)
def test_the_correlation_is_that_of_positions_the_mean_over_channels(outputs, correlation, outputs_of):
    assert InversionAlarm().measure(outputs_of(outputs)) == pytest.approx(correlation, abs=1e-5)


def test_texture_does_not_count(outputs_of):
    stripes = torch.tensor([1.0, -1.0]).repeat(16)  # as strong as the image, one pixel wide
    assert InversionAlarm().measure(outputs_of(lambda x: x + stripes)) == pytest.approx(1, abs=1e-5)


def test_outputs_of_other_channels_are_skipped(outputs_of):
    assert InversionAlarm().measure(outputs_of(lambda x: torch.zeros(1, 32, 32))) is None
