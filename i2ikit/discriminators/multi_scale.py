"""Several PatchGANs, each on a smaller copy of the image."""

import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.checks import MOST_LAYERS, check_images, positive_int
from i2ikit.discriminators.patchgan import PatchGAN
from i2ikit.nn.initialize import initialize
from i2ikit.registry import DISCRIMINATORS


@DISCRIMINATORS.register_module()
class MultiScaleDiscriminator(nn.Module):
    """Score patches at several scales, each with its own weights, at half the size of the previous one.

    Args:
        in_channels: channels of the images, at least 1.
        scales: number of scales, at least 1. Published: 3.
        filters, layers, antialias, norm: of each PatchGAN, see
            :class:`i2ikit.discriminators.patchgan.PatchGANDiscriminator`.
        init, init_gain: see :func:`i2ikit.nn.initialize.initialize`.
    Shape:
        (B, in_channels, H, W) -> a list, one (B, 1, h, w) per scale, full size first. H, W at least
        3 * 2**(layers + scales - 1).

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: an image of another shape, or one too small for the last scale.
    Source:
        Wang et al. 2017 (pix2pixHD), arXiv:1711.11585, section 3.2: average pooling 3x3, stride 2.
    Example:
        >>> [tuple(x.shape) for x in MultiScaleDiscriminator(scales=2, filters=4)(torch.zeros(1, 3, 64, 64))]
        [(1, 1, 6, 6), (1, 1, 2, 2)]
    """

    def __init__(
        self,
        in_channels: int = 3,
        *,
        filters: int = 64,
        layers: int = 3,
        antialias: bool = True,
        norm: str = "instance",
        scales: int = 3,
        init: str = "xavier",
        init_gain: float = 0.02,
    ) -> None:
        super().__init__()
        self.scales = nn.ModuleList(
            PatchGAN(in_channels, filters=filters, layers=layers, antialias=antialias, norm=norm)
            for _ in range(positive_int("scales", scales, most=MOST_LAYERS))
        )
        self.in_channels, self.smallest = in_channels, 3 * 2 ** (layers + scales - 1)
        initialize(self, init, init_gain)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the logits of every scale, full size first."""
        check_images(type(self).__name__, x, self.in_channels, smallest=self.smallest)
        scores = []
        for index, scale in enumerate(self.scales):
            if index:
                x = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)  # H -> ceil(H / 2)
            scores.append(scale(x))
        return scores
