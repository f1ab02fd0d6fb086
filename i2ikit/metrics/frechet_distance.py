"""Do outputs and real images look alike to a network that the user names? The Frechet distance of its features."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.metrics.backbones import make_backbone
from i2ikit.metrics.feature_distance import FeatureDistance
from i2ikit.metrics.functional.feature_distances import frechet_distance
from i2ikit.registry import METRICS


@METRICS.register_module()
class FrechetDistance(FeatureDistance):
    """Frechet distance of features of outputs and real images, by a network other than the FID's.

    Args:
        backbone: a classifier of torchvision, such as ``"resnet50"`` (features before its last linear layer), or
            ``"inception-v3-compat"`` with weights of one's own.
        weights: file of its state dict.
        resizing: ``"clean"`` (Pillow's bicubic, antialiased) or ``"legacy"`` (bilinear, not antialiased).
        size: pixels, >= 1, height and width of what a classifier sees.

    Returns:
        from compute: "distance", >= 0, 0 where means and covariances are equal.

    Raises:
        ValueError: no such backbone or resizing; MetricError from prepare: the weights are missing or do not fit.
    Source:
        Heusel et al. 2017, arXiv:1706.08500, there with Inception.
    """

    better: Mapping[str, str] = {"distance": "lower"}

    def __init__(
        self, backbone: str, weights: str | Path | None = None, *, resizing: str = "clean", size: int = 224
    ) -> None:
        super().__init__(make_backbone(backbone, weights, resizing, positive_int("size", size)))

    def distance(self, outputs: Tensor, real: Tensor) -> dict[str, float]:
        """Return the distance of features (N, D) and (M, D)."""
        return {"distance": frechet_distance(outputs, real)}
