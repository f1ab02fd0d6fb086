"""Is what should stay left alone? PSNR of outputs against inputs outside the masks."""

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from i2ikit.errors import DataError
from i2ikit.metrics.base import in_unit_range, inputs_of
from i2ikit.metrics.functional.image_quality import psnr
from i2ikit.registry import METRICS


@METRICS.register_module()
class BackgroundPSNR:
    """Mean over images of the PSNR between output and input where the mask is 0.

    An image whose mask leaves no background is passed over.

    Returns:
        from compute: "db", the mean PSNR in dB for values in 0..1; inf where nothing at all was changed.

    Raises:
        DataError: a sample has no mask.
        ValueError: compute before any update with background in it.
        ShapeError: the shapes do not go together.
    """

    better: Mapping[str, str] = {"db": "higher"}

    needs_inputs = True

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        self._values: list[float] = []

    def update(self, sample: Mapping[str, Any]) -> None:
        """Add a batch: "a", "output" (B, C, H, W) in -1..1, "mask" (B, 1, H, W) of 0 and 1."""
        if "mask" not in sample:
            raise DataError("BackgroundPSNR needs a data set whose items have a mask")
        image, target = (
            in_unit_range(images.detach().float()) for images in (sample["output"], inputs_of(sample, "BackgroundPSNR"))
        )
        background: Tensor = 1 - sample["mask"].to(image)
        self._values += [value for value in psnr(image, target, background).tolist() if not math.isnan(value)]

    def compute(self) -> dict[str, float]:
        """Return the mean over all samples since the last reset."""
        if not self._values:
            raise ValueError("BackgroundPSNR has nothing to compute: call update first")
        return {"db": sum(self._values) / len(self._values)}
