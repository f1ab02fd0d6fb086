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


def test_the_score_is_the_mean_over_images_not_over_batches():
    metric = BackgroundPSNR()
    metric.update(sample(0.2, count=3))
    metric.update(sample(0.02, count=1))
    assert metric.compute()["db"] == pytest.approx((3 * 20 + 40) / 4, abs=1e-3)


def test_an_image_without_background_is_skipped():
    metric = BackgroundPSNR()
    metric.update(sample(0.2))
    metric.update({**sample(0.2), "mask": torch.ones(2, 1, 4, 4)})
    assert metric.compute()["db"] == pytest.approx(20.0, abs=1e-4)
