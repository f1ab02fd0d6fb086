"""Distance of two images in the features of a network."""

from collections.abc import Sequence

import torch
from torch import Tensor

from i2ikit.interfaces import Read, StepReader
from i2ikit.interfaces.losses import ComparisonLoss, require
from i2ikit.ops.numerics import at_least_float32
from i2ikit.registry import TERMS
from i2ikit.terms.base import Term


@TERMS.register_module()
class FeatureTerm(Term):
    """An image should have the features of a target: a perceptual loss with a VGG, LPIPS with ``LPIPSFeatures``.

    Args:
        network: full name of the network that computes the features, such as ``"extractors.vgg"``.
        image: expression of the image that is trained.
        target: expression of the image whose features it should have; no gradient flows into it.
        taps: of the network, at least one.
        loss: a loss of two feature maps, such as ``dict(type="L1Loss")``.
        weights: of the taps; None: the mean over taps.

    Raises:
        ValueError: the loss does not compare two tensors, or the weights are not one for each tap.
    Source:
        Johnson et al. 2016, arXiv:1603.08155, the feature reconstruction loss; of a discriminator: Salimans et al.
        2016, arXiv:1606.03498, section 3.1.
    Example:
        >>> from i2ikit.losses import L1Loss
        >>> term = FeatureTerm("extractors.vgg", "ab(a)", "a", ["relu3_1"], L1Loss())
        >>> [(read.network, read.image, read.taps) for read in term.reads()]
        [('extractors.vgg', 'ab(a)', ('relu3_1',)), ('extractors.vgg', 'a', ('relu3_1',))]
    """

    def __init__(
        self,
        network: str,
        image: str,
        target: str,
        taps: Sequence[str],
        loss: ComparisonLoss,
        *,
        weights: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        if isinstance(taps, str) or not taps:
            raise ValueError(f"taps must be a list of at least one name, not {taps!r}")
        if weights is not None and len(weights) != len(taps):
            raise ValueError(f"weights must be one for each of the {len(taps)} taps, not {len(weights)}")
        self.network, self.image, self.target, self.taps = network, image, target, list(taps)
        self.loss = require(loss, "comparison")
        self.weights = [1 / len(taps)] * len(taps) if weights is None else list(weights)

    def reads(self) -> list[Read]:
        """Return the features of both images."""
        target = Read.taps_of(self.network, self.target, self.taps, grad=False)
        return [Read.taps_of(self.network, self.image, self.taps), target]

    def forward(self, step: StepReader) -> Tensor:
        """Return the weighted sum of the distances over taps."""
        found = step.taps(self.network, self.image, self.taps)
        wanted = step.taps(self.network, self.target, self.taps, grad=False)
        distances = [self.loss(at_least_float32(found[tap]), at_least_float32(wanted[tap])) for tap in self.taps]
        return torch.stack([weight * distance for weight, distance in zip(self.weights, distances, strict=True)]).sum()
