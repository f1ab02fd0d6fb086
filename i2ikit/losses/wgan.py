"""Wasserstein adversarial loss."""

from torch import Tensor, nn

from i2ikit.registry import LOSSES


@LOSSES.register_module()
class WGANLoss(nn.Module):
    """The difference of mean answers; use it with a gradient penalty.

    Shape:
        logits: any; returns a scalar without unit, of either sign.
    Source:
        Arjovsky et al. 2017, arXiv:1701.07875.
    """

    def real(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on real images."""
        return -logits.mean()

    def fake(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on generated images."""
        return logits.mean()

    def generator(self, logits: Tensor) -> Tensor:
        """Return the generator's loss on its own images."""
        return -logits.mean()
