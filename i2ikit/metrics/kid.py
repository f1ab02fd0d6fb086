"""KID: the kernel distance of Inception's features, with the standard weights and no others."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.metrics.backbones import Inception
from i2ikit.metrics.feature_distance import FeatureDistance
from i2ikit.metrics.functional.feature_distances import kernel_distance
from i2ikit.registry import METRICS


@METRICS.register_module()
class KID(FeatureDistance):
    """Kernel Inception distance between outputs and real images: the mean of random subsets.

    Args:
        weights, resizing: as for FID.
        subsets, subset_size: as for :func:`kernel_distance`; the published size is 1000.

    Returns:
        from compute: "clean" or "legacy", the distance, which may be a little below 0; papers often print 100 times
        it. "clean_std" or "legacy_std": its deviation over subsets.

    Raises:
        ValueError: an argument is out of range; MetricError from prepare: weights or torch-fidelity are missing.
    Source:
        Binkowski et al. 2018, arXiv:1801.01401.
    """

    better: Mapping[str, str] = {"clean": "lower", "legacy": "lower"}

    def __init__(
        self,
        weights: str | Path | None = None,
        *,
        resizing: str = "clean",
        subsets: int = 100,
        subset_size: int = 1000,
    ) -> None:
        self.subsets, self.subset_size = positive_int("subsets", subsets), positive_int("subset_size", subset_size)
        super().__init__(Inception(weights, resizing))

    def protocol(self) -> dict[str, Any]:
        """Return what the number depends on."""
        return {**super().protocol(), "subsets": self.subsets, "subset_size": self.subset_size}

    def distance(self, outputs: Tensor, real: Tensor) -> dict[str, float]:
        """Return mean and deviation over subsets under the name of the resizing."""
        mean, deviation = kernel_distance(outputs, real, subsets=self.subsets, subset_size=self.subset_size)
        return {self.backbone.resizing: mean, f"{self.backbone.resizing}_std": deviation}
