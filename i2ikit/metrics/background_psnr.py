"""PSNR of outputs against inputs outside the masks: is the background left unchanged?"""

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor

from i2ikit.metrics.base import MeanOverImages, in_unit_range
from i2ikit.metrics.functional.image_quality import psnr
from i2ikit.registry import METRICS


@METRICS.register_module()
class BackgroundPSNR(MeanOverImages):
    """Mean over images of the PSNR between output and input where the mask is 0.

    Images whose mask leaves no background are skipped.

    Returns:
        from compute: "db", the mean PSNR in dB for values in 0..1; inf if the background of an image is unchanged.

    Raises:
        MetricError: a sample has no mask or no input.
        ValueError: compute before any update with a background.
        ShapeError: the shapes do not match.

    Example:
        >>> metric = BackgroundPSNR()
        >>> metric.update({"a": torch.zeros(1, 3, 4, 4), "output": torch.full((1, 3, 4, 4), 0.2),
        ...                "mask": torch.zeros(1, 1, 4, 4)})
        >>> round(metric.compute()["db"], 3)
        20.0
    """

    better: ClassVar[Mapping[str, str]] = {"db": "higher"}
    needs_inputs = True
    needs_masks = True

    def per_image(self, sample: Mapping[str, Any]) -> dict[str, Tensor]:
        """Return the ratios of a batch."""
        image, source = in_unit_range(sample["output"]), in_unit_range(sample["a"])
        return {"db": psnr(image, source, 1 - sample["mask"].to(image))}
