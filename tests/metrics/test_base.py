"""What all metrics share: required samples, skipped images, resetting."""

import pytest
import torch

from i2ikit.errors import MetricError
from i2ikit.metrics.background_psnr import BackgroundPSNR
from i2ikit.metrics.base import MeanOverImages, Metric, to_bytes
from i2ikit.metrics.content_preservation import ContentPreservation
from i2ikit.metrics.diversity import Diversity
from i2ikit.metrics.masked_appearance import MaskedAppearance
from i2ikit.metrics.paired_patch_distance import PairedPatchDistance
from i2ikit.metrics.psnr import PSNR
from i2ikit.metrics.sliced_wasserstein import SlicedWasserstein
from i2ikit.metrics.ssim import SSIM

MEANS = (BackgroundPSNR, ContentPreservation, MaskedAppearance, PairedPatchDistance, PSNR, SSIM)
ALL = (*MEANS, Diversity, SlicedWasserstein)


def sample(seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    images = {name: torch.rand(2, 3, 16, 16, generator=generator) * 2 - 1 for name in ("a", "b", "output")}
    mask = torch.zeros(2, 1, 16, 16)
    mask[..., :8] = 1
    return {**images, "mask": mask}


def measured(metric: Metric, *samples: dict[str, torch.Tensor]) -> dict[str, float]:
    metric.reset()
    for each in samples:
        metric.update(each)
        metric.add_real(each["b"], each["mask"])
    return metric.compute()


@pytest.mark.parametrize("metric", ALL)
def test_it_uses_all_samples_since_the_last_reset_in_any_order(metric):
    measure = metric()
    first = measured(measure, sample(0), sample(1))
    assert measured(measure, sample(2)) != pytest.approx(first)
    if metric is not SlicedWasserstein:  # whose random positions differ from image to image
        assert measured(measure, sample(1), sample(0)) == pytest.approx(first)
    assert measured(measure, sample(0), sample(1)) == first


@pytest.mark.parametrize("metric", [*MEANS, SlicedWasserstein])
def test_without_samples_there_is_nothing_to_compute(metric):
    measure = metric()
    measure.update(sample())
    measure.reset()
    with pytest.raises(ValueError, match=f"{metric.__name__} has nothing to compute: call update first"):
        measure.compute()


@pytest.mark.parametrize(
    ("key", "need", "message"),
    [
        ("b", "needs_pairs", r"needs paired test images.*PairedFolders"),
        ("a", "needs_inputs", "needs the inputs of the translations: measure a checkpoint"),
        ("mask", "needs_masks", "needs a dataset whose items have a mask"),
    ],
)
def test_a_sample_without_what_the_metric_needs_is_refused(key, need, message):
    needing = [metric for metric in ALL if getattr(metric, need)]
    assert needing
    for metric in needing:
        with pytest.raises(MetricError, match=f"{metric.__name__} {message}"):
            metric().update({name: value for name, value in sample().items() if name != key})


@pytest.mark.parametrize("metric", [metric for metric in ALL if metric.needs_pairs])
def test_a_truth_of_another_size_is_refused(metric):
    with pytest.raises(MetricError, match="an output is 16x16 with 3 channels, its truth 12x14 with 1 channel"):
        metric().update({**sample(), "b": torch.zeros(2, 1, 14, 12)})


class Levels(MeanOverImages):
    def per_image(self, sample):
        return {"level": sample["output"], "never": torch.full_like(sample["output"], torch.nan)}


def test_values_are_means_over_images_not_over_batches_and_nan_is_skipped():
    metric = Levels()
    metric.update({"output": torch.tensor([1.0, 2.0, torch.nan])})
    metric.update({"output": torch.tensor([6.0])})
    assert metric.compute() == {"level": 3.0}


def test_images_become_the_8_bits_of_a_file_and_gray_ones_three_equal_channels():
    assert to_bytes(torch.tensor([-1.2, -1.0, 0.001, 1.0, 1.3]).reshape(1, 1, 1, 5), "").tolist() == [
        [[[0, 0, 128, 255, 255]]] * 3
    ]
    with pytest.raises(MetricError, match="FID needs images with 3 channels or 1, not 4"):
        to_bytes(torch.zeros(1, 4, 2, 2), "FID")
