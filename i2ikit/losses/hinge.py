"""Hinge adversarial losses."""

import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.registry import LOSSES


@LOSSES.register_module()
class HingeLoss(nn.Module):
    """Hinge for the discriminator, the plain negative answer for the generator.

    Shape:
        logits: any; returns a scalar without unit.
    Source:
        Lim and Ye 2017, arXiv:1705.02894.
    """

    def real(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on real images: zero above a margin of 1."""
        return F.relu(1.0 - logits).mean()

    def fake(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on generated images: zero below -1."""
        return F.relu(1.0 + logits).mean()

    def generator(self, logits: Tensor) -> Tensor:
        """Return the generator's loss on its own images."""
        return -logits.mean()


@LOSSES.register_module()
class ClippedHingeLoss(HingeLoss):
    """Hinge for both sides: the generator gets no gradient from patches that are taken for real by more than 1.

    Source:
        The loss that DCLGAN, arXiv:2104.07689, was trained with; differs from :class:`HingeLoss` in the generator.
    """

    def generator(self, logits: Tensor) -> Tensor:
        """Return the generator's loss on its own images: the discriminator's loss on real ones."""
        return self.real(logits)
