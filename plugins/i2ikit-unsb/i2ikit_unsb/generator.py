"""The generator of UNSB: a ResNet generator in the style of a latent."""

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor, nn

from i2ikit.checks import MOST_LAYERS, positive_int
from i2ikit.interfaces import ExtraInput
from i2ikit.nn.initialize import initialize
from i2ikit.nn.norms import make_norm
from i2ikit.nn.resnet_stages import decoder_stages, encoder_stages, last_convolution
from i2ikit.nn.staged import StagedGenerator
from i2ikit.registry import GENERATORS

EPS = 1e-8


class StyleMLP(nn.Module):
    """From a latent to a style of the same width: unit mean square, then linear layers with LeakyReLU(0.2).

    Args:
        width: Z of latent and style.
        layers: number of linear layers, at least 1.
    Shape:
        (B, Z) -> the same.
    """

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        pairs = ((nn.Linear(width, width), nn.LeakyReLU(0.2)) for _ in range(layers))
        self.layers = nn.Sequential(*(layer for pair in pairs for layer in pair))

    def forward(self, z: Tensor) -> Tensor:
        """Return the style."""
        style: Tensor = self.layers(z / (z.square().mean(1, keepdim=True) + EPS).sqrt())
        return style


class StyleBlock(nn.Module):
    """x + S(g * IN(x) + h) with S = ReLU, conv, IN; g and h are linear in the style.

    Args:
        channels: C of input and output.
        style: width Z of the style.
    Shape:
        x (B, C, H, W), style (B, Z) -> (B, C, H, W).
    Source:
        Kim et al. 2023 (UNSB), arXiv:2305.15086, as the published code computes it.
        differs: what the published block has besides is left out: it never acts, and the time is only used there.
    """

    def __init__(self, channels: int, style: int) -> None:
        super().__init__()
        self.norm, self.fc = make_norm("instance", channels), nn.Linear(style, 2 * channels)
        conv = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect")
        self.change = nn.Sequential(OrderedDict(relu=nn.ReLU(), conv=conv, norm=make_norm("instance", channels)))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Return the map after the block."""
        scale, shift = self.fc(style)[..., None, None].chunk(2, dim=1)
        changed: Tensor = self.change(scale * self.norm(x) + shift)
        return x + changed


@GENERATORS.register_module()
class BridgeGenerator(StagedGenerator):
    """The ResNet generator with blocks in the style of a latent, its extra input ``z`` (B, 4F).

    Taps, in order: those of ``ResNetGenerator``.

    Args:
        in_channels, out_channels: channels of the images, at least 1.
        filters: width F of the stem; blocks and latent have 4F. Published: 64.
        blocks: number of blocks, at least 1. Published: 9.
        style_layers: linear layers from the latent to the style, at least 1. Published: 4.
        antialias_down, antialias_up, init, init_gain: as in ``ResNetGenerator``.
    Shape:
        (B, in_channels, H, W), z (B, 4F) -> (B, out_channels, H, W) in -1..1; H and W multiples of 4, at least 8.

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: an image or a latent of another shape.
    Source:
        Kim et al. 2023 (UNSB), arXiv:2305.15086.
    Example:
        >>> generator = BridgeGenerator(filters=4, blocks=1)
        >>> generator(torch.zeros(2, 3, 32, 32), torch.randn(2, 16)).shape
        torch.Size([2, 3, 32, 32])
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        *,
        filters: int = 64,
        blocks: int = 9,
        style_layers: int = 4,
        antialias_down: bool = True,
        antialias_up: bool = True,
        init: str = "xavier",
        init_gain: float = 0.02,
    ) -> None:
        positive_int("in_channels", in_channels)
        positive_int("out_channels", out_channels)
        positive_int("filters", filters)
        positive_int("blocks", blocks, most=MOST_LAYERS)
        positive_int("style_layers", style_layers, most=MOST_LAYERS)
        width = 4 * filters
        stages = [
            *encoder_stages(in_channels, filters, 0, antialias=antialias_down),
            *((f"block{n}", StyleBlock(width, width), width) for n in range(1, blocks + 1)),
            *decoder_stages(filters, antialias=antialias_up),
            ("out", last_convolution(filters, out_channels), out_channels),
        ]
        super().__init__(in_channels, stages, multiple=4, smallest=8)
        self.extra_inputs = (ExtraInput("z", "vector", width),)
        self.style = StyleMLP(width, style_layers)
        initialize(self, init, init_gain)

    def advance(
        self, name: str, stage: Callable[..., Tensor], value: Tensor, kept: list[Tensor], *extra: Tensor
    ) -> Tensor:
        """Run one stage, the blocks in the style of the latent; the last one ends in tanh."""
        if name == "out":
            return torch.tanh(stage(value))
        if not name.startswith("block"):
            return stage(value)
        if not kept:
            kept.append(self.style(extra[0]))
        return stage(value, kept[0])
