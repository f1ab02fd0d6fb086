import math

import pytest
import torch

from i2ikit.metrics.background_psnr import BackgroundPSNR


def sample(error, count=2):
    """Outputs that are off by ``error`` (in -1..1) outside the mask, and wholly wrong inside it."""
    inputs = torch.zeros(count, 3, 4, 4)
    mask = torch.zeros(count, 1, 4, 4)
    mask[..., :2] = 1
    return {"a": inputs, "b": inputs, "output": torch.where(mask > 0, torch.tensor(0.9), inputs + error), "mask": mask}


def test_what_happens_in_the_mask_does_not_count():
    metric = BackgroundPSNR()
    metric.update(sample(0.0))
    assert metric.compute() == {"db": math.inf}


def test_an_error_of_a_tenth_of_the_range_is_twenty_decibels():
    metric = BackgroundPSNR()
    metric.update(sample(0.2))
    assert metric.compute()["db"] == pytest.approx(20.0, abs=1e-4)
