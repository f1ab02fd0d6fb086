"""The generator's and the discriminator's side of the adversarial objective."""

import torch
from torch import Tensor

from i2ikit.interfaces import Read, StepReader
from i2ikit.interfaces.losses import AdversarialLoss, require
from i2ikit.registry import TERMS
from i2ikit.terms.base import Term


@TERMS.register_module()
class AdversarialTerm(Term):
    """The generator's side: the discriminator should classify the image as real.

    Args:
        discriminator: name of the discriminator.
        image: expression of the generated image, such as ``"ab(a)"``.
        loss: adversarial loss.

    Raises:
        ValueError: the loss is no adversarial one.
    Source:
        Goodfellow et al. 2014, arXiv:1406.2661.
    Example:
        >>> from i2ikit.losses import LSGANLoss
        >>> [(read.network, read.image) for read in AdversarialTerm("b", "ab(a)", LSGANLoss()).reads()]
        [('discriminators.b', 'ab(a)')]
    """

    def __init__(self, discriminator: str, image: str, loss: AdversarialLoss) -> None:
        super().__init__()
        self.discriminator, self.image, self.loss = discriminator, image, require(loss, "adversarial")

    def reads(self) -> list[Read]:
        """Return the discriminator's logits for the image."""
        return [Read.logits_of(self.discriminator, self.image)]

    def forward(self, step: StepReader) -> Tensor:
        """Return the loss, the mean over the discriminator's scales."""
        return _mean([self.loss.generator(logits) for logits in step.logits(self.discriminator, self.image)])


@TERMS.register_module()
class DiscriminatorTerm(Term):
    """The discriminator's side: half of its loss on real plus half of its loss on generated images.

    Args:
        discriminator: name of the discriminator.
        real: expression of the real image, such as ``"b"``.
        fake: expression of the generated image, such as ``"ab(a)"`` or ``"pool(ab(a))"``.
        loss: adversarial loss.

    Raises:
        ValueError: the loss is no adversarial one.
    Source:
        Zhu et al. 2017, arXiv:1703.10593, section 7.1, for the half.
    Example:
        >>> from i2ikit.losses import LSGANLoss
        >>> [read.image for read in DiscriminatorTerm("b", "b", "pool(ab(a))", LSGANLoss()).reads()]
        ['pool(ab(a))', 'b']
    """

    def __init__(self, discriminator: str, real: str, fake: str, loss: AdversarialLoss) -> None:
        super().__init__()
        self.discriminator, self.real, self.fake, self.loss = discriminator, real, fake, require(loss, "adversarial")

    def reads(self) -> list[Read]:
        """Return the discriminator's logits for both images."""
        return [Read.logits_of(self.discriminator, image) for image in (self.fake, self.real)]

    def forward(self, step: StepReader) -> Tensor:
        """Return the loss, the mean over the discriminator's scales."""
        fake = _mean([self.loss.fake(logits) for logits in step.logits(self.discriminator, self.fake)])
        real = _mean([self.loss.real(logits) for logits in step.logits(self.discriminator, self.real)])
        return 0.5 * (fake + real)


def _mean(values: list[Tensor]) -> Tensor:
    return values[0] if len(values) == 1 else torch.stack(values).mean()
