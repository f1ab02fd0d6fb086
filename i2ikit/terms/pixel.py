"""Distance of two images, pixel by pixel."""

from torch import Tensor

from i2ikit.interfaces import Read, StepReader
from i2ikit.interfaces.losses import ComparisonLoss, require
from i2ikit.ops.numerics import at_least_float32
from i2ikit.registry import TERMS
from i2ikit.terms.base import Term


@TERMS.register_module()
class PixelTerm(Term):
    """An image should equal a target: cycle consistency with ``"ba(ab(a))"`` and ``"a"``, identity with ``"ab(b)"``.

    Args:
        image: expression of the image that is trained.
        target: expression of the image that it should equal; no gradient flows into it.
        loss: a loss of two images; the L1 distance of the published methods is ``dict(type="L1Loss")``.

    Raises:
        ValueError: the loss does not compare two images.
    Source:
        Zhu et al. 2017, arXiv:1703.10593, eq. 2 and section 5.2.
    Example:
        >>> from i2ikit.losses import L1Loss
        >>> [read.image for read in PixelTerm("ba(ab(a))", "a", L1Loss()).reads()]
        ['ba(ab(a))', 'a']
    """

    def __init__(self, image: str, target: str, loss: ComparisonLoss) -> None:
        super().__init__()
        self.image, self.target, self.loss = image, target, require(loss, "comparison")

    def reads(self) -> list[Read]:
        """Return both images."""
        return [Read(self.image), Read(self.target, grad=False)]

    def forward(self, step: StepReader) -> Tensor:
        """Return the distance."""
        image, target = step.image(self.image), step.image(self.target, grad=False)
        return self.loss(at_least_float32(image), at_least_float32(target))
