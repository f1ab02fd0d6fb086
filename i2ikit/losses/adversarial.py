"""Adversarial losses: a discriminator's loss on real and on generated images, and the generator's loss."""

from abc import abstractmethod

import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.registry import LOSSES


class _AdversarialLoss(nn.Module):
    """Three scalars of raw logits; unless a loss defines it otherwise, the generator's loss is that of real images."""

    @abstractmethod
    def real(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on real images."""

    @abstractmethod
    def fake(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on generated images."""

    def generator(self, logits: Tensor) -> Tensor:
        """Return the generator's loss on its own images."""
        return self.real(logits)


@LOSSES.register_module()
class LSGANLoss(_AdversarialLoss):
    """Mean squared distance of the logits to 1 (real) or 0 (fake). Contract: adversarial.

    Shape:
        logits: any; returns a scalar without unit, >= 0.
    Source:
        Mao et al. 2017, arXiv:1611.04076; the variant with targets 1 and 0 that CycleGAN uses.
    Example:
        >>> LSGANLoss().real(torch.zeros(2, 1, 30, 30))
        tensor(1.)
    """

    def real(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on real images."""
        return (logits - 1.0).square().mean()

    def fake(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on generated images."""
        return logits.square().mean()


@LOSSES.register_module()
class VanillaGANLoss(_AdversarialLoss):
    """Binary cross entropy of the logits, the mean over all of them. Contract: adversarial.

    Shape:
        logits: any; returns a scalar in nats, >= 0; log 2 means that the discriminator cannot tell the two apart.
    Source:
        Goodfellow et al. 2014, arXiv:1406.2661, with the generator's loss -log D.
    Example:
        >>> VanillaGANLoss().fake(torch.zeros(2, 1, 30, 30))
        tensor(0.6931)
    """

    def real(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on real images."""
        return F.softplus(-logits).mean()

    def fake(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on generated images."""
        return F.softplus(logits).mean()


@LOSSES.register_module()
class NonSaturatingLoss(_AdversarialLoss):
    """Softplus of the signed logits, averaged over each image first and then over images. Contract: adversarial.

    Shape:
        logits: (B, ...); returns a scalar in nats, >= 0.
    Source:
        Goodfellow et al. 2014, arXiv:1406.2661; StyleGAN2, arXiv:1912.04958, and SinCUT train with it.
    Example:
        >>> NonSaturatingLoss().generator(torch.zeros(2, 1, 1, 1))
        tensor(0.6931)
    """

    def real(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on real images."""
        return F.softplus(-logits).flatten(1).mean(1).mean()

    def fake(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on generated images."""
        return F.softplus(logits).flatten(1).mean(1).mean()


@LOSSES.register_module()
class WGANLoss(_AdversarialLoss):
    """The difference of mean logits; use it with a gradient penalty. Contract: adversarial.

    Shape:
        logits: any; returns a scalar without unit, of either sign.
    Source:
        Arjovsky et al. 2017, arXiv:1701.07875.
    Example:
        >>> WGANLoss().real(torch.full((2, 1, 30, 30), 3.0))
        tensor(-3.)
    """

    def real(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on real images."""
        return -logits.mean()

    def fake(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on generated images."""
        return logits.mean()


@LOSSES.register_module()
class ClippedHingeLoss(_AdversarialLoss):
    """Hinge for both networks: the generator gets no gradient from logits above 1. Contract: adversarial.

    Shape:
        logits: any; returns a scalar without unit, >= 0.
    Source:
        The loss that DCLGAN, arXiv:2104.07689, was trained with; differs from :class:`HingeLoss` in the generator.
    Example:
        >>> ClippedHingeLoss().generator(torch.full((2, 1, 30, 30), 3.0))
        tensor(0.)
    """

    def real(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on real images: zero above a margin of 1."""
        return F.relu(1.0 - logits).mean()

    def fake(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on generated images: zero below -1."""
        return F.relu(1.0 + logits).mean()


@LOSSES.register_module()
class HingeLoss(ClippedHingeLoss):
    """Hinge for the discriminator, the negated mean logit for the generator. Contract: adversarial.

    Shape:
        logits: any; returns a scalar without unit.
    Source:
        Lim and Ye 2017, arXiv:1705.02894.
    Example:
        >>> HingeLoss().generator(torch.full((2, 1, 30, 30), 3.0))
        tensor(-3.)
    """

    def generator(self, logits: Tensor) -> Tensor:
        """Return the generator's loss on its own images."""
        return -logits.mean()
