"""Penalties on the gradient of a discriminator with respect to its image."""

from torch import Tensor, nn

from i2ikit.registry import LOSSES


@LOSSES.register_module()
class R1Penalty(nn.Module):
    """Half the squared length of the gradient, the mean over images. Contract: penalty.

    Shape:
        gradient: (B, C, H, W), of the sum of all logits; returns a scalar >= 0.
    Source:
        Mescheder et al. 2018, arXiv:1801.04406, R1 with gamma = 1; SinCUT adds it at every step.
    Example:
        >>> R1Penalty()(torch.ones(2, 3, 4, 4))
        tensor(24.)
    """

    def forward(self, gradient: Tensor) -> Tensor:
        """Return the penalty."""
        return 0.5 * gradient.square().flatten(1).sum(1).mean()


@LOSSES.register_module()
class WGANPenalty(nn.Module):
    """Squared distance of the gradient's length to 1, the mean over images. Contract: penalty.

    Shape:
        gradient: (B, C, H, W), of the sum of all logits; returns a scalar >= 0.
    Source:
        Gulrajani et al. 2017, arXiv:1704.00028, usually weighted by 10 and taken at a ``mix`` of real and fake.
    Example:
        >>> WGANPenalty()(torch.full((2, 1, 2, 2), 1.0))
        tensor(1.)
    """

    def forward(self, gradient: Tensor) -> Tensor:
        """Return the penalty."""
        length = (gradient + 1e-16).flatten(1).norm(dim=1)  # (B,); the shift keeps the norm differentiable at 0
        return (length - 1.0).square().mean()
