import pytest
import torch

from i2ikit.metrics.functional.ssim import ssim
from i2ikit.metrics.ssim import SSIM


def test_it_is_the_mean_over_images_of_all_batches():
    images = torch.rand(6, 3, 12, 12, generator=torch.Generator().manual_seed(0)) * 2 - 1
    metric = SSIM()
    metric.update({"output": images[:2], "b": images[3:5]})
    metric.update({"output": images[2:3], "b": images[5:]})
    expected = ssim(images[:3] / 2 + 0.5, images[3:] / 2 + 0.5).mean()
    assert metric.compute()["mean"] == pytest.approx(expected.item(), abs=1e-6)
