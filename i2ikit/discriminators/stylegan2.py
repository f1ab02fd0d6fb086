"""The discriminator of StyleGAN2: one score per image."""

import math
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.checks import check_images, positive_int
from i2ikit.errors import ShapeError
from i2ikit.nn.stylegan2 import ScaledLinear, StyleGAN2Block, conv_layer
from i2ikit.registry import DISCRIMINATORS


@DISCRIMINATORS.register_module()
class StyleGAN2Discriminator(nn.Module):
    """Halve the image with residual blocks to 4 x 4 and score the image; returns logits (no sigmoid).

    Weights start from N(0, 1); no other initialization is available.

    Args:
        in_channels: channels of the images, at least 1.
        filters: sets all widths: 4 * filters at full size for images of 64 pixels, at most 384. Published: 8.
        size: side of the images in pixels, a power of 2 in 8..1024.
    Shape:
        (B, in_channels, size, size) -> (B, 1, 1, 1).

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: an image of another shape.
    Source:
        Karras et al. 2019, arXiv:1912.04958, in the form of CUT's single-image translation, arXiv:2007.15651 (at most
        384 channels, no statistic over the batch).
    Example:
        >>> StyleGAN2Discriminator(filters=1, size=16)(torch.zeros(1, 3, 16, 16)).shape
        torch.Size([1, 1, 1, 1])
    """

    def __init__(self, in_channels: int = 3, *, filters: int = 8, size: int = 64) -> None:
        super().__init__()
        self.in_channels, self.size = positive_int("in_channels", in_channels), size
        positive_int("filters", filters)
        if size not in (sides := [2**n for n in range(3, 11)]):
            raise ValueError(f"size must be one of {', '.join(map(str, sides))}, not {size!r}")
        widths = [_width(size >> n, filters) for n in range(int(math.log2(size)) - 1)]  # the last one at 4 x 4
        self.stem = conv_layer(in_channels, widths[0], 1)
        self.blocks = nn.Sequential(*(StyleGAN2Block(before, after, halve=True) for before, after in pairwise(widths)))
        self.conv = conv_layer(widths[-1], widths[-1], 3)
        self.linear = ScaledLinear(16 * widths[-1], widths[-1])
        self.score = ScaledLinear(widths[-1], 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return one logit per image."""
        check_images(type(self).__name__, x, self.in_channels)
        if x.shape[2:] != (self.size, self.size):
            raise ShapeError(
                f"{type(self).__name__} was built for images of {self.size} x {self.size} pixels, its `size`, "
                f"got {x.shape[2]} x {x.shape[3]}"
            )
        x = self.conv(self.blocks(self.stem(x))).flatten(1)  # (B, 16 * C)
        x = F.leaky_relu(self.linear(x), 0.2) * math.sqrt(2)
        return self.score(x)[..., None, None]


def _width(side: int, filters: int) -> int:
    """Return the channels at ``side`` pixels: inversely proportional to it, at most 384."""
    width = int(16384 / side * filters / 64)
    return min(384, width) if side <= 32 else width
