import math

import pytest
import torch
from i2ikit_unsb.terms import BridgeTerm, EnergyTerm

IMAGES = {"x": 1.0, "y": 0.5, "t": 2.0}
LOGITS = {"same, t": 3.0, "other, t": 0.25}


class Step:
    """A step with constant images and logits."""

    def image(self, expression, *, grad=True):
        return torch.full((2,) if expression == "t" else (2, 3, 4, 4), IMAGES[expression])

    def logits(self, discriminator, inputs, *, grad=True):
        return [torch.full((2, 1, 3, 3), LOGITS[inputs])]


ESTIMATE = 0.25 + math.log(2 * 9)  # of the sum over both images and all positions, not of the mean


def test_the_energy_sums_over_all_positions():
    assert EnergyTerm("e", "same, t", "other, t")(Step()).item() == pytest.approx(-3 + ESTIMATE + ESTIMATE**2)


def test_the_bridge_weighs_entropy_by_the_time_that_is_left():
    term = BridgeTerm("e", "same, t", "other, t", "x", "y", "t", steps=5, tau=0.1)
    assert term(Step()).item() == pytest.approx(-(3 / 5) * 0.1 * (3 - ESTIMATE) + 0.1 * 0.5**2)
