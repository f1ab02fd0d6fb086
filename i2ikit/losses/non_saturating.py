"""Non-saturating logistic loss."""

import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.registry import LOSSES


@LOSSES.register_module()
class NonSaturatingLoss(nn.Module):
    """Softplus of the signed answer, the mean per image first and over images then.

    Shape:
        logits: (B, ...); returns a scalar in nats, >= 0.
    Source:
        Goodfellow et al. 2014, arXiv:1406.2661; StyleGAN2, arXiv:1912.04958, and SinCUT train with it.
    """

    def real(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on real images."""
        return F.softplus(-logits).flatten(1).mean(1).mean()

    def fake(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on generated images."""
        return F.softplus(logits).flatten(1).mean(1).mean()

    def generator(self, logits: Tensor) -> Tensor:
        """Return the generator's loss on its own images."""
        return self.real(logits)
