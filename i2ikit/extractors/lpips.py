"""LPIPS as features: their squared distance is the learned perceptual distance."""

import re
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from i2ikit.extractors.vgg16 import VGG16Features
from i2ikit.nn.frozen import RANDOM, load_frozen
from i2ikit.registry import EXTRACTORS

TAPS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
LINEAR = re.compile(r"lin(\d)\.model\.\d\.weight")  # in the published files
SMALLEST_NORM = 1e-10


@EXTRACTORS.register_module()
class LPIPSFeatures(VGG16Features):
    """Features of VGG16 of unit length over channels, times the roots of the learned weights of LPIPS.

    The sum over the five taps ``relu1_2``, ``relu2_2``, ``relu3_3``, ``relu4_3`` and ``relu5_3`` of their mean squared
    differences is the LPIPS of two images: ``FeatureTerm`` with ``L2Loss`` and the weights ``[1, 1, 1, 1, 1]``.

    Args:
        weights: file of torchvision's ``vgg16``, or ``"random"``.
        linear: file of the learned weights, ``vgg.pth`` of LPIPS version 0.1, or ``"random"``. torchmetrics brings it
            in its folder ``functional/image/lpips_models``.
        in_channels, filters: as for :class:`VGG16Features`.
    Shape:
        as for :class:`VGG16Features`; images of at least 16 x 16.

    Raises:
        ValueError: an argument is out of its range, or a file has other weights.
    Source:
        Zhang et al. 2018, arXiv:1801.03924, eq. 1.
    Example:
        >>> from i2ikit.extractors.lpips import TAPS
        >>> lpips = LPIPSFeatures("random", "random", filters=2)
        >>> [x.shape[1] for x in lpips.trace(torch.zeros(1, 3, 32, 32), TAPS).values()]
        [2, 4, 8, 16, 16]
    """

    def __init__(self, weights: str, linear: str, *, in_channels: int = 3, filters: int = 64) -> None:
        super().__init__(weights, in_channels=in_channels, filters=filters)
        self.linear = torch.nn.ParameterDict(
            {tap: torch.rand(width, 1, 1) for tap, width in zip(TAPS, self.widths(TAPS), strict=True)}
        )
        if linear != RANDOM:
            load_frozen(self.linear, linear, _renamed)

    def trace(self, x: Tensor, taps: Iterable[str], *extra: Tensor) -> dict[str, Tensor]:
        """Return the features of the requested taps; others than the five are those of VGG16."""
        return {tap: self._scaled(tap, feature) for tap, feature in super().trace(x, taps, *extra).items()}

    def _scaled(self, tap: str, feature: Tensor) -> Tensor:
        if tap not in TAPS:
            return feature
        norm = torch.linalg.vector_norm(feature, dim=1, keepdim=True) + SMALLEST_NORM
        return feature / norm * (self.linear[tap] * feature.shape[1]).sqrt()  # times C: a mean over channels follows


def _renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the learned weights of the published file, lin0.model.1.weight (1, C, 1, 1), by tap."""
    found = {match[1]: value for key, value in state.items() if (match := LINEAR.fullmatch(key))}
    return {tap: found[str(index)][0] for index, tap in enumerate(TAPS) if str(index) in found}
