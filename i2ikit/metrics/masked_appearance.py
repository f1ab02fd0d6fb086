"""Contrast and saturation inside the masks: is the changed part as crisp and as gray as the truth?"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from i2ikit.metrics.base import MeanOverImages, in_unit_range
from i2ikit.metrics.functional.image_quality import check_window, high_pass_contrast, saturation
from i2ikit.registry import METRICS


@METRICS.register_module()
class MaskedAppearance(MeanOverImages):
    """High-pass contrast and color saturation of outputs inside the masks, beside those of the paired truth b.

    Both are measured per image and averaged over images; images with an empty mask are skipped.

    Args:
        window: box in pixels whose mean the contrast is measured against, odd, >= 3.

    Returns:
        from compute: "contrast", the outputs' mean contrast divided by the truth's (1 is as crisp as the truth);
        "saturation" and "saturation_truth", in 0..1.

    Raises:
        MetricError: a sample has no mask or no paired truth.
        ValueError: the window is even or too small; compute before any update with a mask that is not empty.
        ShapeError: the shapes do not match.

    Example:
        >>> truth = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
        >>> metric = MaskedAppearance()
        >>> metric.update({"output": truth / 2, "b": truth, "mask": torch.ones(1, 1, 16, 16)})
        >>> round(metric.compute()["contrast"], 3)
        0.5
    """

    needs_pairs = True
    needs_masks = True

    def __init__(self, *, window: int = 5) -> None:
        self.window = check_window(window)
        super().__init__()

    def per_image(self, sample: Mapping[str, Any]) -> dict[str, Tensor]:
        """Return contrast and saturation of the outputs and of the truth."""
        found: dict[str, Tensor] = {}
        for name, suffix in (("output", ""), ("b", "_truth")):
            image = in_unit_range(sample[name])
            mask = sample["mask"].to(image)
            found[f"contrast{suffix}"] = high_pass_contrast(image, mask, window=self.window)
            found[f"saturation{suffix}"] = saturation(image, mask)
        return found

    def compute(self) -> dict[str, float]:
        """Return the means over all samples since the last reset, the contrast relative to the truth's."""
        found = super().compute()
        contrast, truth = found["contrast"], found.pop("contrast_truth")
        return {**found, "contrast": contrast / truth if truth else float("inf")}
