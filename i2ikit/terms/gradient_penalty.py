"""Penalty on a discriminator's gradient."""

import torch
from torch import Tensor

from i2ikit.interfaces import Read, StepReader
from i2ikit.interfaces.losses import PenaltyLoss, require
from i2ikit.registry import TERMS
from i2ikit.terms.base import Term


@TERMS.register_module()
class GradientPenaltyTerm(Term):
    """Keep a discriminator smooth at an image: R1 at ``"b"``, WGAN-GP at ``"mix(b, ab(a))"``.

    The discriminator's pass is shared with other terms that read its logits for the same image.

    Args:
        discriminator: name of the discriminator.
        image: expression of the image.
        loss: a function of the gradient (B, C, H, W) of the sum of all logits.

    Raises:
        ValueError: the loss is not a penalty.
    Example:
        >>> from i2ikit.losses import R1Penalty
        >>> [(read.image, read.leaf) for read in GradientPenaltyTerm("b", "b", R1Penalty()).reads()]
        [('b', True)]
    """

    def __init__(self, discriminator: str, image: str, loss: PenaltyLoss) -> None:
        super().__init__()
        self.discriminator, self.image, self.loss = discriminator, image, require(loss, "penalty")

    def reads(self) -> list[Read]:
        """Return the discriminator's logits for the image, which is a differentiable leaf."""
        return [Read.logits_of(self.discriminator, self.image, leaf=True)]

    def forward(self, step: StepReader) -> Tensor:
        """Return the penalty; its own gradient reaches the discriminator."""
        image, scales = step.leaf(self.discriminator, self.image)
        total = torch.stack([logits.sum() for logits in scales]).sum()
        (gradient,) = torch.autograd.grad(total, image, create_graph=True)
        return self.loss(gradient)
