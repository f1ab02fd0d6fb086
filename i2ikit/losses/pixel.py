"""Distances of images, pixel by pixel."""

import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.checks import positive, same_shape
from i2ikit.registry import LOSSES


@LOSSES.register_module()
class L1Loss(nn.Module):
    """Mean absolute difference. Contract: comparison.

    Shape:
        image, target: (B, C, H, W) in -1..1; returns a scalar in 0..2.
    Source:
        Zhu et al. 2017, arXiv:1703.10593, eq. 2.
    Example:
        >>> L1Loss()(torch.ones(1, 3, 8, 8), torch.zeros(1, 3, 8, 8))
        tensor(1.)
    """

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        """Return the distance; ShapeError if the images differ in shape."""
        same_shape("L1Loss", image=image, target=target)
        return F.l1_loss(image, target)


@LOSSES.register_module()
class L2Loss(nn.Module):
    """Mean squared difference. Contract: comparison.

    Shape:
        image, target: (B, C, H, W); returns a scalar >= 0.
    Example:
        >>> L2Loss()(torch.full((1, 3, 8, 8), 3.0), torch.ones(1, 3, 8, 8))
        tensor(4.)
    """

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        """Return the distance; ShapeError if the images differ in shape."""
        same_shape("L2Loss", image=image, target=target)
        return F.mse_loss(image, target)


@LOSSES.register_module()
class SmoothL1Loss(nn.Module):
    """Mean absolute difference that is squared, and so smooth, below ``beta``. Contract: comparison.

    Args:
        beta: where the loss turns from squared to linear, > 0, in pixel values.
    Shape:
        image, target: (B, C, H, W); returns a scalar >= 0.
    Example:
        >>> SmoothL1Loss()(torch.ones(1, 3, 8, 8), torch.zeros(1, 3, 8, 8))
        tensor(0.5000)
    """

    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        self.beta = positive("beta", beta)

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        """Return the distance; ShapeError if the images differ in shape."""
        same_shape("SmoothL1Loss", image=image, target=target)
        return F.smooth_l1_loss(image, target, beta=self.beta)
