"""Edges: what changes from pixel to pixel, whatever the colors are."""

from torch import Tensor, nn

from i2ikit.checks import same_shape
from i2ikit.registry import LOSSES


@LOSSES.register_module()
class EdgeLoss(nn.Module):
    """Mean distance of the differences between neighboring pixels. Contract: comparison.

    Shape:
        prediction, target: (B, C, H, W), H and W at least 2; returns a scalar, 0 for images that differ by a constant.

    Raises:
        ShapeError: the two differ in shape.
    Source:
        Mathieu et al. 2016, arXiv:1511.05440, eq. 6 with alpha = 1, the signs of the differences kept.
    """

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        same_shape("EdgeLoss", prediction=prediction, target=target)
        difference = prediction - target
        return difference.diff(dim=-1).abs().mean() + difference.diff(dim=-2).abs().mean()
