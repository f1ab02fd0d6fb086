"""The terms of UNSB: an energy that estimates how far two distributions of pairs are apart, and the bridge."""

import torch
from torch import Tensor

from i2ikit.checks import positive, positive_int
from i2ikit.interfaces import Read, StepReader
from i2ikit.ops.numerics import at_least_float32
from i2ikit.registry import TERMS
from i2ikit.terms.base import Term


class EnergyReader(Term):
    """What both terms share: the energy's logits on pairs that belong together, and on pairs of two images.

    Args:
        discriminator: name of the energy.
        same, other: its inputs: pairs of one image twice, and of two images, with the time: ``"same, t"``.
    """

    def __init__(self, discriminator: str, same: str, other: str) -> None:
        super().__init__()
        self.discriminator, self.same, self.other = discriminator, same, other

    def reads(self) -> list[Read]:
        """Return both logits."""
        return [Read.logits_of(self.discriminator, inputs) for inputs in (self.same, self.other)]

    def estimates(self, step: StepReader) -> tuple[Tensor, Tensor]:
        """Return the mean of the logits on ``same``, and the log of the summed exponentials of those on ``other``."""
        (same,), (other,) = (step.logits(self.discriminator, inputs) for inputs in (self.same, self.other))
        return same.mean(), torch.logsumexp(other.flatten(), dim=0)


@TERMS.register_module()
class EnergyTerm(EnergyReader):
    """Train the energy E: ``-mean E(p, p) + l + l^2``, l the log of the sum over all positions of exp E(p, p').

    Args:
        discriminator: name of the energy.
        same, other: its inputs: pairs of one image twice, and of two images, with the time: ``"same, t"``.
    Source:
        Kim et al. 2023 (UNSB), arXiv:2305.15086, the published code; Belghazi et al. 2018, arXiv:1801.04062.
    Example:
        >>> [read.image for read in EnergyTerm("e", "same, t", "other, t").reads()]
        ['same, t', 'other, t']
    """

    def forward(self, step: StepReader) -> Tensor:
        """Return the loss."""
        same, other = self.estimates(step)
        return -same + other + other.square()


@TERMS.register_module()
class BridgeTerm(EnergyReader):
    """The generator's side of the bridge: a short way from X_t, and much entropy, which the energy estimates.

    ``-((T - t) / T) tau (mean E(p, p) - l) + tau mean (X_t - G(X_t))^2``, l as in ``EnergyTerm``.

    Args:
        discriminator: name of the energy.
        same, other: its inputs, as in ``EnergyTerm``.
        start: expression of X_t; no gradient flows into it.
        image: expression of the generator's image of it.
        time: expression of t.
        steps: T, of the bridge, >= 2.
        tau: entropy, > 0. Published: 0.01.

    Raises:
        ValueError: an argument is out of its range.
    Source:
        Kim et al. 2023 (UNSB), arXiv:2305.15086, eq. 12 and 14, in the form of the published code.
    Example:
        >>> [read.image for read in BridgeTerm("e", "same, t", "other, t", "xa", "fake", "t").reads()]
        ['same, t', 'other, t', 'fake', 'xa', 't']
    """

    def __init__(
        self,
        discriminator: str,
        same: str,
        other: str,
        start: str,
        image: str,
        time: str,
        *,
        steps: int = 5,
        tau: float = 0.01,
    ) -> None:
        super().__init__(discriminator, same, other)
        self.start, self.image, self.time = start, image, time
        self.steps, self.tau = positive_int("steps", steps), positive("tau", tau)

    def reads(self) -> list[Read]:
        """Return the logits, the images and the time."""
        return [*super().reads(), Read(self.image), Read(self.start, grad=False), Read(self.time, grad=False)]

    def forward(self, step: StepReader) -> Tensor:
        """Return the loss."""
        same, other = self.estimates(step)
        left = (self.steps - step.image(self.time, grad=False).mean()) / self.steps
        image, start = step.image(self.image), step.image(self.start, grad=False)
        way = (at_least_float32(start) - at_least_float32(image)).square().mean()
        return self.tau * (way - left * (same - other))
