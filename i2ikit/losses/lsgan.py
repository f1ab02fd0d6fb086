"""Least-squares adversarial loss."""

from torch import Tensor, nn

from i2ikit.registry import LOSSES


@LOSSES.register_module()
class LSGANLoss(nn.Module):
    """Mean squared distance of raw answers to 1 (real) or 0 (fake).

    Shape:
        logits: any; returns a scalar without unit, >= 0.
    Source:
        Mao et al. 2017, arXiv:1611.04076; the variant with targets 1 and 0 that CycleGAN uses.
    """

    def real(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on real images."""
        return (logits - 1.0).square().mean()

    def fake(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on generated images."""
        return logits.square().mean()

    def generator(self, logits: Tensor) -> Tensor:
        """Return the generator's loss on its own images."""
        return self.real(logits)
