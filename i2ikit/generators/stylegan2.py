"""The StyleGAN2-style generator of single-image translation."""

from collections import OrderedDict

from torch import nn

from i2ikit.checks import MOST_LAYERS, positive_int
from i2ikit.nn.staged import StagedGenerator
from i2ikit.nn.stylegan2 import BiasedLeakyReLU, DoublingConv, Noise, StyleGAN2Block, conv_layer
from i2ikit.registry import GENERATORS

Stage = tuple[str, nn.Module, int]


@GENERATORS.register_module()
class StyleGAN2Generator(StagedGenerator):
    """StyleGAN2's residual blocks between a few steps down and up; no styles, no norms.

    Taps, in order: ``input`` (the image itself), ``stem``, ``down1`` ... ``downK``, ``block1`` ... ``blockN``,
    ``up1`` ... ``upK``, ``out`` (the image). The published encoder ends with the block N / 2.

    The image is not bounded: its last activation is a LeakyReLU. Weights start from N(0, 1).

    Args:
        in_channels, out_channels: channels of the images, at least 1.
        filters: sets all widths: 8 * filters at full size for images of 64 pixels, at most 512. Published: 10.
        size: side of the training images in pixels, a power of 2 in 4..1024; sets the widths; other sizes are accepted.
        downs: number K of steps down, at least 1 and so that size / 2**downs >= 4. Published: 1.
        blocks: number N of residual blocks, even, at least 2. Published: 6, and 2 in the small form.
        noise: add noise after each step up. Published: on, and off in the small form.
    Shape:
        (B, in_channels, H, W) -> (B, out_channels, H, W); H and W multiples of 2**downs.

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: an image of another shape.
    Source:
        Park et al. 2020 (CUT), arXiv:2007.15651, appendix on single-image translation; layers of Karras et al. 2019,
        arXiv:1912.04958.
    Example:
        >>> StyleGAN2Generator(filters=1, size=32, blocks=2)(torch.zeros(1, 3, 32, 32)).shape
        torch.Size([1, 3, 32, 32])
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        *,
        filters: int = 10,
        size: int = 64,
        downs: int = 1,
        blocks: int = 6,
        noise: bool = True,
    ) -> None:
        positive_int("in_channels", in_channels)
        positive_int("out_channels", out_channels)
        positive_int("filters", filters)
        if size not in (sides := [2**n for n in range(2, 11)]):
            raise ValueError(f"size must be one of {', '.join(map(str, sides))}, not {size!r}")
        if size >> positive_int("downs", downs, most=MOST_LAYERS) < 4:
            raise ValueError(f"downs must leave 4 pixels of size={size}, not be {downs}")
        if positive_int("blocks", blocks, most=MOST_LAYERS) % 2:
            raise ValueError(f"blocks must be even, not {blocks}")
        widths = [_width(size >> n, filters) for n in range(downs + 1)]
        stages: list[Stage] = [("input", nn.Identity(), in_channels)]
        stages.append(("stem", conv_layer(in_channels, widths[0], 1), widths[0]))
        for n in range(1, downs + 1):
            stages.append((f"down{n}", StyleGAN2Block(widths[n - 1], widths[n], halve=True), widths[n]))
        for n in range(1, blocks + 1):
            stages.append((f"block{n}", StyleGAN2Block(widths[-1], widths[-1], halve=False), widths[-1]))
        for n in range(1, downs + 1):
            before, after = widths[downs - n + 1], widths[downs - n]
            stages.append((f"up{n}", _up(before, after, noise), after))
        stages.append(("out", conv_layer(widths[0], out_channels, 1), out_channels))
        super().__init__(in_channels, stages, multiple=2**downs)


def _width(side: int, filters: int) -> int:
    """Return the channels at ``side`` pixels: inversely proportional to it, at most 512."""
    width = round(16384 / side * filters / 32)
    return min(512, width) if side <= 32 else width


def _up(before: int, after: int, noise: bool) -> nn.Sequential:
    step = OrderedDict[str, nn.Module](conv=DoublingConv(before, after))
    if noise:
        step["noise"] = Noise()
    step["activation"] = BiasedLeakyReLU(after)
    return nn.Sequential(step)
