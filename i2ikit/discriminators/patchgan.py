"""The PatchGAN discriminator: one score per overlapping patch."""

from i2ikit.nn.initialize import initialize
from i2ikit.nn.patchgan import PatchGAN
from i2ikit.registry import DISCRIMINATORS


@DISCRIMINATORS.register_module()
class PatchGANDiscriminator(PatchGAN):
    """Score overlapping patches of an image as real or generated; returns logits (no sigmoid).

    With 3 layers a score sees 70 x 70 pixels, or 84 x 84 with anti-aliasing, and neighboring scores are 8 pixels apart.

    Args:
        in_channels: channels of the images, at least 1.
        filters: width of the first layer; doubles per layer up to 8 times. Published: 64.
        layers: number of layers that halve the size, at least 1. Published: 3.
        antialias: convolve with stride 1 and then blur and subsample; else convolve with stride 2.
        norm: ``instance``, ``instance_affine``, ``batch`` or ``none``; the first and the last layer have none.
        init, init_gain: see :func:`i2ikit.nn.initialize.initialize`.
    Shape:
        (B, in_channels, H, W) -> (B, 1, h, w): 256 x 256 -> 30 x 30 with 3 layers.

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: an image of another shape, or one too small for a score.
    Source:
        Isola et al. 2016, arXiv:1611.07004, appendix 6.1.2; anti-aliasing as in CUT, arXiv:2007.15651.
    Example:
        >>> PatchGANDiscriminator(filters=4)(torch.zeros(1, 3, 64, 64)).shape
        torch.Size([1, 1, 6, 6])
    """

    def __init__(
        self,
        in_channels: int = 3,
        *,
        filters: int = 64,
        layers: int = 3,
        antialias: bool = True,
        norm: str = "instance",
        init: str = "xavier",
        init_gain: float = 0.02,
    ) -> None:
        super().__init__(in_channels, filters=filters, layers=layers, antialias=antialias, norm=norm)
        initialize(self, init, init_gain)
