"""Do outputs have the local structure of the paired truth?"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from i2ikit.metrics.base import MeanOverPairs, in_unit_range
from i2ikit.metrics.functional.ssim import ssim
from i2ikit.registry import METRICS


@METRICS.register_module()
class SSIM(MeanOverPairs):
    """Mean over images of the structural similarity between output and paired truth.

    Returns:
        from compute: "mean", at most 1, which equal images have.

    Raises:
        MetricError: the test images are not pairs of one size.
        ShapeError: an image is smaller than 11 x 11.
        ValueError: compute before any update.
    Source:
        Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural Similarity".
    """

    better: Mapping[str, str] = {"mean": "higher"}

    def compare(self, output: Tensor, truth: Tensor, sample: Mapping[str, Any]) -> dict[str, Tensor]:
        """Return the similarities of a batch in -1..1."""
        return {"mean": ssim(in_unit_range(output), in_unit_range(truth))}
