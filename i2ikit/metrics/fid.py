"""FID: the Frechet distance of Inception's features, with the standard weights and no others."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from i2ikit.metrics.backbones import Inception
from i2ikit.metrics.feature_distance import FeatureDistance
from i2ikit.metrics.functional.feature_distances import frechet_distance
from i2ikit.registry import METRICS


@METRICS.register_module()
class FID(FeatureDistance):
    """Frechet Inception distance between outputs and real images.

    It falls with the number of images, so only figures of as many images compare.

    Args:
        weights: the standard file, whose hash is compared; None: torch's cache, or a download to there.
        resizing: to 299 x 299: ``"clean"`` (Pillow's bicubic, antialiased) or ``"legacy"`` (TensorFlow 1's bilinear,
            not antialiased, as most papers before 2022). Their figures differ by several points.

    Returns:
        from compute: "clean" or "legacy", the distance, >= 0.

    Raises:
        ValueError: no such resizing; MetricError from prepare: weights or torch-fidelity are missing.
    Source:
        Heusel et al. 2017, arXiv:1706.08500; resizing: Parmar et al. 2022, arXiv:2104.11222.
    """

    better: Mapping[str, str] = {"clean": "lower", "legacy": "lower"}

    def __init__(self, weights: str | Path | None = None, *, resizing: str = "clean") -> None:
        super().__init__(Inception(weights, resizing))

    def distance(self, outputs: Tensor, real: Tensor) -> dict[str, float]:
        """Return the distance under the name of its resizing."""
        return {self.backbone.resizing: frechet_distance(outputs, real)}
