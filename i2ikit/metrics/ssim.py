"""Structural similarity of outputs with the paired truth."""

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor

from i2ikit.metrics.base import MeanOverImages, in_unit_range
from i2ikit.metrics.functional.ssim import ssim
from i2ikit.registry import METRICS


@METRICS.register_module()
class SSIM(MeanOverImages):
    """Mean over images of the structural similarity between output and paired truth.

    Returns:
        from compute: "mean", at most 1, the value of equal images.

    Raises:
        MetricError: the test images are not pairs of one size.
        ShapeError: an image is smaller than 11 x 11.
        ValueError: compute before any update.
    Source:
        Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural Similarity".

    Example:
        >>> truth = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
        >>> metric = SSIM()
        >>> metric.update({"output": truth, "b": truth})
        >>> round(metric.compute()["mean"], 3)
        1.0
    """

    better: ClassVar[Mapping[str, str]] = {"mean": "higher"}
    needs_pairs = True

    def per_image(self, sample: Mapping[str, Any]) -> dict[str, Tensor]:
        """Return the similarities of a batch."""
        return {"mean": ssim(in_unit_range(sample["output"]), in_unit_range(sample["b"]))}
