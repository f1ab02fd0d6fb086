"""Do outputs and real images look alike to a network that the user names? The kernel distance of its features."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.metrics.backbones import make_backbone
from i2ikit.metrics.feature_distance import FeatureDistance
from i2ikit.metrics.functional.feature_distances import kernel_distance
from i2ikit.registry import METRICS


@METRICS.register_module()
class KernelDistance(FeatureDistance):
    """Squared maximum mean discrepancy of features of outputs and real images, by a network other than the KID's.

    Unlike the Frechet distance its mean does not depend on the number of images, so it suits small sets.

    Args:
        backbone, weights, resizing, size: as for FrechetDistance.
        subsets, subset_size: as for :func:`kernel_distance`.

    Returns:
        from compute: "distance", the mean over subsets, which may be a little below 0, and "distance_std".

    Raises:
        ValueError: no such backbone or resizing; MetricError from prepare: the weights are missing or do not fit.
    Source:
        Binkowski et al. 2018, arXiv:1801.01401, there with Inception.
    """

    better: Mapping[str, str] = {"distance": "lower"}

    def __init__(
        self,
        backbone: str,
        weights: str | Path | None = None,
        *,
        resizing: str = "clean",
        size: int = 224,
        subsets: int = 100,
        subset_size: int = 1000,
    ) -> None:
        self.subsets, self.subset_size = positive_int("subsets", subsets), positive_int("subset_size", subset_size)
        super().__init__(make_backbone(backbone, weights, resizing, positive_int("size", size)))

    def protocol(self) -> dict[str, Any]:
        """Return what the number depends on."""
        return {**super().protocol(), "subsets": self.subsets, "subset_size": self.subset_size}

    def distance(self, outputs: Tensor, real: Tensor) -> dict[str, float]:
        """Return mean and deviation over subsets of features (N, D) and (M, D)."""
        mean, deviation = kernel_distance(outputs, real, subsets=self.subsets, subset_size=self.subset_size)
        return {"distance": mean, "distance_std": deviation}
