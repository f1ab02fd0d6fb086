import pytest
import torch

from i2ikit.errors import MetricError
from i2ikit.metrics.functional.ssim import ssim
from i2ikit.metrics.psnr import PSNR
from i2ikit.metrics.ssim import SSIM
from i2ikit.registry import METRICS


def pair(*, difference: float = 0.1, channels: int = 3, size: int = 12) -> dict[str, torch.Tensor]:
    """Outputs that are everywhere brighter than their truth, by this much of 0..1."""
    truth = torch.rand(2, channels, size, size, generator=torch.Generator().manual_seed(0)) - 0.5
    return {"a": torch.zeros_like(truth), "b": truth, "output": truth + 2 * difference}


def measured(metric, *samples):
    for sample in samples:
        metric.update(sample)
    return metric.compute()


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_a_tenth_of_difference_is_20_db(channels):
    assert measured(PSNR(), pair(channels=channels))["db"] == pytest.approx(20, abs=1e-4)


@pytest.mark.slow
def test_it_is_torchmetrics_psnr():
    from torchmetrics.functional.image import peak_signal_noise_ratio

    truth, output = (torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    expected = peak_signal_noise_ratio(output, truth, data_range=1.0).item()
    assert measured(PSNR(), {"b": truth * 2 - 1, "output": output * 2 - 1})["db"] == pytest.approx(expected, rel=1e-5)


def test_masks_give_a_second_number_and_empty_ones_none():
    mask = torch.zeros(2, 1, 12, 12)
    mask[0, :, :6] = 1
    sample = {**pair(), "mask": mask}
    sample["output"][0, :, 6:] = sample["b"][0, :, 6:]
    found = measured(PSNR(), sample)
    assert found["db_masked"] == pytest.approx(20, abs=1e-4)
    assert found["db"] == pytest.approx((20 + 20 + 10 * torch.tensor(2.0).log10().item()) / 2, abs=1e-4)


def test_equal_images_count_as_100_db_so_that_the_mean_stays_finite():
    assert measured(PSNR(), pair(difference=0.0), pair())["db"] == pytest.approx(60, abs=1e-4)


def test_the_similarity_is_the_mean_over_images():
    first, second = pair(), pair(difference=0.3)
    values = torch.cat([ssim(each["output"] / 2 + 0.5, each["b"] / 2 + 0.5) for each in (first, second)])
    assert measured(SSIM(), first, second)["mean"] == pytest.approx(values.mean().item(), abs=1e-6)


@pytest.mark.parametrize("metric", [PSNR, SSIM])
def test_without_pairs_there_is_nothing_to_compare(metric):
    sample = pair()
    del sample["b"]
    with pytest.raises(MetricError, match=rf"{metric.__name__} needs paired test images.*PairedFolders"):
        metric().update(sample)


@pytest.mark.parametrize("metric", [PSNR, SSIM])
def test_a_truth_of_another_size_is_refused(metric):
    sample = {**pair(), "b": torch.zeros(2, 1, 14, 12)}
    with pytest.raises(MetricError, match="an output is 12x12 with 3 channels, its truth 12x14 with 1 channel"):
        metric().update(sample)


@pytest.mark.parametrize("metric", [PSNR, SSIM])
def test_nothing_seen_is_no_answer_and_reset_forgets(metric):
    measure = metric()
    measure.update(pair())
    measure.reset()
    with pytest.raises(ValueError, match=f"{metric.__name__} has nothing to compute: call update first"):
        measure.compute()
    assert METRICS.get(metric.__name__) is metric
    assert metric.paired
