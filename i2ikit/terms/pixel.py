"""Distance of two images, pixel by pixel."""

from torch import Tensor

from i2ikit.errors import ShapeError
from i2ikit.interfaces import Read, StepReader
from i2ikit.interfaces.losses import ComparisonLoss, require
from i2ikit.ops.numerics import at_least_float32
from i2ikit.registry import TERMS
from i2ikit.terms.base import Term

SMALLEST_SHARE = 1e-6  # of an image that a mask has, so that the value of an empty one is 0


@TERMS.register_module()
class PixelTerm(Term):
    """An image should equal a target: cycle consistency with ``"ba(ab(a))"`` and ``"a"``, identity with ``"ab(b)"``.

    Args:
        image: expression of the image that is trained.
        target: expression of the image that it should equal; no gradient flows into it.
        loss: a loss of two images; the L1 distance of the published methods is ``dict(type="L1Loss")``.
        mask: expression of a mask m (B, 1, H, W) in 0..1, such as ``"a_mask"``, whose pixels alone count: the value is
            loss(m * image, m * target) / mean(m), for L1 the mean over the mask. An empty mask gives 0.

    Raises:
        ValueError: the loss does not compare two images.
        ShapeError: on call, the mask has more than one channel.
    Source:
        Zhu et al. 2017, arXiv:1703.10593, eq. 2 and section 5.2.
    Example:
        >>> from i2ikit.losses import L1Loss
        >>> [read.image for read in PixelTerm("ba(ab(a))", "a", L1Loss()).reads()]
        ['ba(ab(a))', 'a']
    """

    def __init__(self, image: str, target: str, loss: ComparisonLoss, *, mask: str | None = None) -> None:
        super().__init__()
        self.mask = mask
        self.image, self.target, self.loss = image, target, require(loss, "comparison")

    def reads(self) -> list[Read]:
        """Return both images, and the mask."""
        mask = [] if self.mask is None else [Read(self.mask, grad=False)]
        return [Read(self.image), Read(self.target, grad=False), *mask]

    def forward(self, step: StepReader) -> Tensor:
        """Return the distance."""
        image, target = step.image(self.image), step.image(self.target, grad=False)
        image, target = at_least_float32(image), at_least_float32(target)
        if self.mask is None:
            return self.loss(image, target)
        mask = at_least_float32(step.image(self.mask, grad=False))
        if mask.shape[1] != 1:
            raise ShapeError(f"PixelTerm needs a mask (B, 1, H, W) in 0..1, got {self.mask!r} {tuple(mask.shape)}")
        return self.loss(mask * image, mask * target) / mask.mean().clamp(min=SMALLEST_SHARE)
