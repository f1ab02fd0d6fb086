"""The 1x1 discriminator: one score per pixel."""

from torch import Tensor, nn

from i2ikit.checks import check_images, positive_int
from i2ikit.nn.initialize import initialize
from i2ikit.nn.norms import bias_before, make_norm
from i2ikit.registry import DISCRIMINATORS


@DISCRIMINATORS.register_module()
class PixelDiscriminator(nn.Module):
    """Score each pixel by its color alone; returns logits (no sigmoid).

    Args:
        in_channels: channels of the images, at least 1.
        filters: width F of the first layer; the second has 2F. Published: 64.
        norm: ``instance``, ``instance_affine``, ``batch`` or ``none``.
        init, init_gain: see :func:`i2ikit.nn.initialize.initialize`.
    Shape:
        (B, in_channels, H, W) -> (B, 1, H, W).

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: an image of another shape.
    Source:
        Isola et al. 2016, arXiv:1611.07004, appendix 6.1.2, the 1x1 discriminator.
    Example:
        >>> PixelDiscriminator(filters=4)(torch.zeros(1, 3, 8, 8)).shape
        torch.Size([1, 1, 8, 8])
    """

    def __init__(
        self,
        in_channels: int = 3,
        *,
        filters: int = 64,
        norm: str = "instance",
        init: str = "xavier",
        init_gain: float = 0.02,
    ) -> None:
        super().__init__()
        self.in_channels = positive_int("in_channels", in_channels)
        positive_int("filters", filters)
        self.conv1 = nn.Conv2d(in_channels, filters, 1)
        self.conv2 = nn.Conv2d(filters, 2 * filters, 1, bias=bias_before(norm))
        self.norm = make_norm(norm, 2 * filters)
        self.score = nn.Conv2d(2 * filters, 1, 1)
        self.relu = nn.LeakyReLU(0.2)
        initialize(self, init, init_gain)

    def forward(self, x: Tensor) -> Tensor:
        """Return one logit per pixel."""
        check_images(type(self).__name__, x, self.in_channels)
        return self.score(self.relu(self.norm(self.conv2(self.relu(self.conv1(x))))))
