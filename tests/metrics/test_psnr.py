import pytest
import torch

from i2ikit.metrics.psnr import PSNR


def pair(*, difference: float = 0.1, channels: int = 3, size: int = 12) -> dict[str, torch.Tensor]:
    """Outputs that are everywhere brighter than their truth, by this much of 0..1."""
    truth = torch.rand(2, channels, size, size, generator=torch.Generator().manual_seed(0)) - 0.5
    return {"b": truth, "output": truth + 2 * difference}


def measured(*samples):
    metric = PSNR()
    for sample in samples:
        metric.update(sample)
    return metric.compute()


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_a_tenth_of_difference_is_20_db(channels):
    assert measured(pair(channels=channels))["db"] == pytest.approx(20, abs=1e-4)


@pytest.mark.slow
def test_it_is_torchmetrics_psnr():
    from torchmetrics.functional.image import peak_signal_noise_ratio

    truth, output = (torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    expected = peak_signal_noise_ratio(output, truth, data_range=1.0).item()
    assert measured({"b": truth * 2 - 1, "output": output * 2 - 1})["db"] == pytest.approx(expected, rel=1e-5)


def test_masks_add_a_value_and_empty_ones_are_skipped():
    mask = torch.zeros(2, 1, 12, 12)
    mask[0, :, :6] = 1
    sample = {**pair(), "mask": mask}
    sample["output"][0, :, 6:] = sample["b"][0, :, 6:]
    found = measured(sample)
    assert found["db_masked"] == pytest.approx(20, abs=1e-4)
    assert found["db"] == pytest.approx((20 + 20 + 10 * torch.tensor(2.0).log10().item()) / 2, abs=1e-4)


def test_equal_images_count_as_100_db_so_that_the_mean_stays_finite():
    assert measured(pair(difference=0.0), pair())["db"] == pytest.approx(60, abs=1e-4)
