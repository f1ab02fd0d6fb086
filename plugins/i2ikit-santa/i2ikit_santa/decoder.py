"""The decoder of SANTA: from a latent map and a position between the domains to an image."""

from collections import OrderedDict
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.checks import MOST_LAYERS, positive_int
from i2ikit.interfaces import ExtraInput
from i2ikit.nn.blur import BlurUp
from i2ikit.nn.initialize import INITIALIZERS, initialize
from i2ikit.nn.norms import make_norm
from i2ikit.nn.resnet_stages import Stage, last_convolution
from i2ikit.nn.staged import StagedGenerator
from i2ikit.registry import GENERATORS

DOMAINS = 2


class AdaIN(nn.Module):
    """Instance norm whose scale and shift come from a style: ``(1 + g) * IN(x) + s``.

    Args:
        channels: C of the map.
        style: width S of the style.
    Shape:
        x (B, C, H, W), style (B, S) -> (B, C, H, W).
    Source:
        Huang and Belongie 2017, arXiv:1703.06868, with a linear layer as in SANTA.
    """

    def __init__(self, channels: int, style: int) -> None:
        super().__init__()
        self.norm, self.fc = make_norm("instance", channels), nn.Linear(style, 2 * channels)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Return the normalized map in this style."""
        scale, shift = self.fc(style)[..., None, None].chunk(2, dim=1)
        normed: Tensor = self.norm(x)
        return (1 + scale) * normed + shift


class AdaINReLU(AdaIN):
    """AdaIN and a ReLU."""

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Return the map without negative values."""
        return F.relu(super().forward(x, style))


class AdaINBlock(nn.Module):
    """x + S(x) with S = conv, AdaIN, ReLU, conv, AdaIN; nothing after the sum.

    Args:
        channels: C of input and output.
        style: width S of the style.
    """

    def __init__(self, channels: int, style: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect")
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect")
        self.norm1, self.norm2 = AdaINReLU(channels, style), AdaIN(channels, style)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Return x + S(x)."""
        inner = self.norm1(self.conv1(x), style)
        return x + self.norm2(self.conv2(inner), style)


@GENERATORS.register_module()
class PathDecoder(StagedGenerator):
    """AdaIN blocks and two steps up; the style depends linearly on the position ``d`` between the domains.

    The extra input ``d`` (B,) is 0 at domain a and 1 at domain b, which is its default. Taps, in order: ``block1`` ...
    ``blockN``, ``up1_conv``, ``up1``, ``up2_conv``, ``up2``, ``last`` (the image before its tanh), ``out``. A
    ``upK_conv`` is a convolution before its AdaIN.

    Args:
        out_channels: channels of the images, at least 1.
        filters: width F of the last stage; the latent has 4F channels. Published: 64.
        blocks: number N of blocks, at least 1. Published: 5.
        style: width S of the styles, at least 1; with 1 the style is the position itself. Published: 8.
        antialias: interpolate and then convolve; else a transposed convolution.
        init, init_gain: see :func:`i2ikit.nn.initialize.initialize`; the styles are sampled too.
    Shape:
        (B, 4F, h, w), d (B,) -> (B, out_channels, 4h, 4w) in -1..1; h and w at least 2.

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: a latent or a position of another shape.
    Source:
        Xie et al. 2023 (SANTA), "Unpaired Image-to-Image Translation with Shortest Path Regularization", CVPR.
    Example:
        >>> decoder = PathDecoder(filters=4, blocks=1)
        >>> decoder(torch.zeros(2, 16, 8, 8), torch.tensor([0.0, 0.5])).shape
        torch.Size([2, 3, 32, 32])
    """

    extra_inputs = (ExtraInput("d", "scalar", default=1.0),)

    def __init__(
        self,
        out_channels: int = 3,
        *,
        filters: int = 64,
        blocks: int = 5,
        style: int = 8,
        antialias: bool = True,
        init: str = "xavier",
        init_gain: float = 0.02,
    ) -> None:
        positive_int("out_channels", out_channels)
        positive_int("filters", filters)
        positive_int("blocks", blocks, most=MOST_LAYERS)
        positive_int("style", style)
        width = 4 * filters
        stages: list[Stage] = [(f"block{n}", AdaINBlock(width, style), width) for n in range(1, blocks + 1)]
        for name, channels in (("up1", width // 2), ("up2", width // 4)):
            stages += [
                (f"{name}_conv", _up(channels, antialias), channels),
                (name, AdaINReLU(channels, style), channels),
            ]
        stages += [("last", last_convolution(filters, out_channels), out_channels), ("out", nn.Tanh(), out_channels)]
        super().__init__(width, stages, multiple=1, smallest=2)
        self.styled = {name for name, stage, _ in stages if isinstance(stage, AdaIN | AdaINBlock)}
        initialize(self, init, init_gain)
        self.styles = nn.Parameter(torch.empty(DOMAINS, style)) if style > 1 else None
        if self.styles is not None:
            INITIALIZERS[init](self.styles.data, init_gain)

    def advance(
        self, name: str, stage: Callable[..., Tensor], value: Tensor, kept: list[Tensor], *extra: Tensor
    ) -> Tensor:
        """Run one stage, those with AdaIN in the style of the position."""
        return stage(value, self._style(extra[0])) if name in self.styled else stage(value)

    def _style(self, position: Tensor) -> Tensor:
        """Return the styles (B, S) of positions (B,)."""
        if self.styles is None:
            return position[:, None]
        start, end = self.styles
        return start + position[:, None] * (end - start)


def _up(width: int, antialias: bool) -> nn.Module:
    """Return a step up from twice ``width`` channels."""
    if antialias:
        return nn.Sequential(OrderedDict(blur=BlurUp(), conv=nn.Conv2d(2 * width, width, 3, padding=1)))
    return nn.ConvTranspose2d(2 * width, width, 3, stride=2, padding=1, output_padding=1)
