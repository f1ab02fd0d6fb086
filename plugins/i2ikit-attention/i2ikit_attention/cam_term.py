"""The auxiliary classifier of a generator tells its source domain from its target domain."""

import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.interfaces import Read, StepReader
from i2ikit.ops.numerics import at_least_float32
from i2ikit.registry import TERMS
from i2ikit.terms.base import Term

TAPS = ("cam",)


@TERMS.register_module()
class CAMTerm(Term):
    """Binary cross-entropy of the logits at the tap ``cam``: images of the source domain against those of the target.

    Args:
        generator: name of a generator with the tap ``cam``, such as ``UGATITGenerator``.
        source: expression of an image of the generator's source domain, such as ``"a"``.
        target: expression of an image of its target domain, such as ``"b"``.
    Source:
        Kim et al. 2020 (U-GAT-IT), arXiv:1907.10830, section 2.2, the CAM loss of the generator.
    Example:
        >>> [(read.image, read.taps) for read in CAMTerm("ab", "a", "b").reads()]
        [('a', ('cam',)), ('b', ('cam',))]
    """

    def __init__(self, generator: str, source: str, target: str) -> None:
        super().__init__()
        self.generator, self.source, self.target = generator, source, target

    def reads(self) -> list[Read]:
        """Return the logits for both images."""
        return [Read.taps_of(self.generator, image, TAPS) for image in (self.source, self.target)]

    def forward(self, step: StepReader) -> Tensor:
        """Return the sum of the losses of both images."""
        source = at_least_float32(step.taps(self.generator, self.source, TAPS)["cam"])
        target = at_least_float32(step.taps(self.generator, self.target, TAPS)["cam"])
        return F.binary_cross_entropy_with_logits(source, torch.ones_like(source)) + F.binary_cross_entropy_with_logits(
            target, torch.zeros_like(target)
        )
