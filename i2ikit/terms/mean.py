"""The mean of an image."""

from torch import Tensor

from i2ikit.interfaces import Read, StepReader
from i2ikit.ops.numerics import at_least_float32
from i2ikit.registry import TERMS
from i2ikit.terms.base import Term


@TERMS.register_module()
class MeanTerm(Term):
    """The mean of an image that should be small, such as a mask, which should cover no more than it has to.

    Args:
        image: expression of an image or of a tap with values of at least 0, such as ``"ab(a).mask"``.
    Source:
        For masks: Pumarola et al. 2018 (GANimation), arXiv:1807.09251, the attention loss, with a mean for its
        L2 norm.
    Example:
        >>> [read.image for read in MeanTerm("ab(a).mask").reads()]
        ['ab(a).mask']
    """

    def __init__(self, image: str) -> None:
        super().__init__()
        self.image = image

    def reads(self) -> list[Read]:
        """Return the image."""
        return [Read(self.image)]

    def forward(self, step: StepReader) -> Tensor:
        """Return the mean over all images, channels and positions."""
        return at_least_float32(step.image(self.image)).mean()
