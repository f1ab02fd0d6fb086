import pytest
import torch

from i2ikit.metrics.masked_appearance import MaskedAppearance


def sample(strength=1.0):
    """A truth of black and white columns, and outputs with ``strength`` of their contrast."""
    columns = (torch.arange(12) % 4 < 2).float() * 2 - 1  # (12,)
    truth = columns.expand(2, 3, 12, 12)
    mask = torch.zeros(2, 1, 12, 12)
    mask[..., 3:9, 3:9] = 1
    return {"a": -truth, "b": truth, "output": truth * strength, "mask": mask}


def test_the_truth_has_a_contrast_of_one():
    metric = MaskedAppearance()
    metric.update(sample())
    assert metric.compute() == {"contrast": 1.0, "saturation": 0.0, "saturation_truth": 0.0}


def test_pale_stripes_have_less_contrast():
    metric = MaskedAppearance()
    metric.update(sample(0.4))
    assert metric.compute()["contrast"] == pytest.approx(0.4, abs=1e-5)


def test_colored_outputs_are_saturated():
    red = sample()
    red["output"] = torch.tensor([1.0, -1.0, -1.0])[None, :, None, None].expand(2, 3, 12, 12)
    metric = MaskedAppearance()
    metric.update(red)
    assert metric.compute()["saturation"] == 1.0


def test_images_with_an_empty_mask_are_skipped():
    metric = MaskedAppearance()
    metric.update(sample(0.4))
    metric.update({**sample(), "mask": torch.zeros(2, 1, 12, 12)})
    assert metric.compute()["contrast"] == pytest.approx(0.4, abs=1e-5)


def test_nothing_outside_the_mask_counts():
    changed = sample(0.4)
    changed["output"] = torch.where(changed["mask"] > 0, changed["output"], torch.tensor(0.0))
    inner = torch.zeros_like(changed["mask"])
    inner[..., 5:7, 5:7] = 1  # two pixels, half the window, from where the output changes
    metric = MaskedAppearance()
    metric.update({**changed, "mask": inner})
    assert metric.compute()["contrast"] == pytest.approx(0.4, abs=1e-5)


def test_an_even_window_is_refused_before_any_image_is_seen():
    with pytest.raises(ValueError, match="window must be odd and at least 3, not 2"):
        MaskedAppearance(window=2)
