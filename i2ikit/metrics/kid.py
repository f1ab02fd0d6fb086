"""KID: the kernel distance of features of outputs and real images."""

from pathlib import Path
from typing import Any

from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.metrics.backbones import INCEPTION
from i2ikit.metrics.feature_distance import FeatureDistance
from i2ikit.metrics.functional.feature_distances import kernel_distance
from i2ikit.registry import METRICS


@METRICS.register_module()
class KID(FeatureDistance):
    """Kernel Inception distance between outputs and real images: the mean over random subsets.

    Unlike the FID its mean does not depend on the number of images, so it suits small sets.

    Args:
        backbone, weights, resizing, size: see :class:`FeatureDistance`.
        subsets, subset_size: see :func:`kernel_distance`; the published size is 1000.

    Returns:
        from compute: "clean" or "legacy", the distance, which may be slightly below 0; papers often print 100 times
        this. "clean_std" or "legacy_std": its standard deviation over subsets. "distance" and "distance_std" with
        another backbone than Inception.

    Raises:
        ValueError: an argument is unknown or out of range.
        MetricError: weights or torch-fidelity are missing (from prepare).
    Source:
        Binkowski et al. 2018, arXiv:1801.01401.

    Example:
        >>> KID(resizing="legacy", subsets=10).value
        'legacy'
    """

    def __init__(
        self,
        backbone: str = INCEPTION,
        weights: str | Path | None = None,
        *,
        resizing: str = "clean",
        size: int = 224,
        subsets: int = 100,
        subset_size: int = 1000,
    ) -> None:
        super().__init__(backbone, weights, resizing=resizing, size=size)
        self.subsets, self.subset_size = positive_int("subsets", subsets), positive_int("subset_size", subset_size)

    def protocol(self) -> dict[str, Any]:
        """Return what the values depend on."""
        return {**super().protocol(), "subsets": self.subsets, "subset_size": self.subset_size}

    def distance(self, outputs: Tensor, real: Tensor) -> dict[str, float]:
        """Return mean and standard deviation over subsets of features (N, D) and (M, D)."""
        mean, deviation = kernel_distance(outputs, real, subsets=self.subsets, subset_size=self.subset_size)
        return {self.value: mean, f"{self.value}_std": deviation}
