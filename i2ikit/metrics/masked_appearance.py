"""Is what should change as crisp and as gray as the truth? Contrast and saturation inside the masks."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from i2ikit.errors import DataError
from i2ikit.metrics.base import paired_truth
from i2ikit.metrics.functional.image_quality import high_pass_contrast, saturation
from i2ikit.registry import METRICS


@METRICS.register_module()
class MaskedAppearance:
    """High-pass contrast and color saturation of outputs inside the masks, beside those of the paired truth b.

    Both are taken per image and averaged over images; images with an empty mask are passed over.

    Args:
        window: box in pixels whose mean the contrast is measured against, odd, >= 3.

    Returns:
        from compute: "contrast", the outputs' mean contrast divided by the truth's (1 is as crisp as the truth);
        "saturation" and "saturation_truth", in 0..1.

    Raises:
        DataError: a sample has no mask.
        MetricError: a sample has no paired truth.
        ValueError: the window is even or too small; compute before any update with something in its mask.
        ShapeError: the shapes do not go together.
    """

    paired = True

    def __init__(self, *, window: int = 5) -> None:
        if window < 3 or window % 2 == 0:
            raise ValueError(f"window must be odd and at least 3, not {window!r}")
        self.window = window
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        self._rows: list[Tensor] = []

    def update(self, sample: Mapping[str, Any]) -> None:
        """Add a batch: "b", "output" (B, C, H, W) in -1..1, "mask" (B, 1, H, W) of 0 and 1."""
        if "mask" not in sample:
            raise DataError("MaskedAppearance needs a data set whose items have a mask")
        paired_truth(sample, "MaskedAppearance")
        columns = []
        for name in ("output", "b"):
            image = sample[name].detach().float() / 2 + 0.5
            mask = sample["mask"].to(image)
            columns += [high_pass_contrast(image, mask, window=self.window), saturation(image, mask)]
        rows = torch.stack(columns, dim=1).cpu()  # (B, 4)
        self._rows.append(rows[~rows.isnan().any(dim=1)])

    def compute(self) -> dict[str, float]:
        """Return the means over all samples since the last reset."""
        if not sum(map(len, self._rows)):
            raise ValueError("MaskedAppearance has nothing to compute: call update first")
        contrast, color, true_contrast, true_color = torch.cat(self._rows).mean(dim=0).tolist()
        return {
            "contrast": contrast / true_contrast if true_contrast else float("inf"),
            "saturation": color,
            "saturation_truth": true_color,
        }
