"""FID: the Frechet distance of features of outputs and real images."""

from torch import Tensor

from i2ikit.metrics.feature_distance import FeatureDistance
from i2ikit.metrics.functional.feature_distances import frechet_distance
from i2ikit.registry import METRICS


@METRICS.register_module()
class FID(FeatureDistance):
    """Frechet Inception distance between outputs and real images.

    It falls with the number of images, so compare only values of equally many images.

    Args:
        backbone, weights, resizing, size: see :class:`FeatureDistance`.

    Returns:
        from compute: "clean" or "legacy", the distance, >= 0; "distance" with another backbone than Inception.

    Raises:
        ValueError: an argument is unknown or out of range.
        MetricError: weights or torch-fidelity are missing (from prepare).
    Source:
        Heusel et al. 2017, arXiv:1706.08500; resizing: Parmar et al. 2022, arXiv:2104.11222.

    Example:
        >>> FID().value, FID("resnet50", "resnet50.pth").value
        ('clean', 'distance')
    """

    def distance(self, outputs: Tensor, real: Tensor) -> dict[str, float]:
        """Return the distance of features (N, D) and (M, D)."""
        return {self.value: frechet_distance(outputs, real)}
