"""The original adversarial loss."""

import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.registry import LOSSES


@LOSSES.register_module()
class VanillaGANLoss(nn.Module):
    """Binary cross entropy of raw answers, the mean over all of them.

    Shape:
        logits: any; returns a scalar in nats, >= 0; log 2 means that the discriminator has no idea.
    Source:
        Goodfellow et al. 2014, arXiv:1406.2661, with the generator's loss -log D.
    """

    def real(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on real images."""
        return F.softplus(-logits).mean()

    def fake(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on generated images."""
        return F.softplus(logits).mean()

    def generator(self, logits: Tensor) -> Tensor:
        """Return the generator's loss on its own images."""
        return self.real(logits)
