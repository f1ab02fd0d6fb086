"""The stages that ResNet generators are made of."""

from collections import OrderedDict

from torch import nn

from i2ikit.nn.blur import BlurDown, BlurUp, UpStage
from i2ikit.nn.norms import bias_before, make_norm
from i2ikit.nn.residual import ResidualBlock

Stage = tuple[str, nn.Module, int]  # name, module, channels of its output


def encoder_stages(
    in_channels: int,
    filters: int,
    blocks: int,
    *,
    norm: str = "instance",
    antialias: bool = True,
    padding: str = "reflect",
    dropout: bool = False,
) -> list[Stage]:
    """Return ``pad``, ``stem``, ``down1_conv``, ``down1``, ``down2_conv``, ``down2`` and ``block1`` ... ``blockN``.

    Args:
        in_channels: channels of the image.
        filters: width F of the stem; the blocks have 4F at a quarter of the size.
        blocks: number N of residual blocks, at least 0.
        norm: a name of :data:`i2ikit.nn.norms.NORMS`.
        antialias: convolve with stride 1 and then blur and subsample; else convolve with stride 2.
        padding, dropout: see :class:`i2ikit.nn.residual.ResidualBlock`.
    """
    stem = _conv_norm_relu(nn.Conv2d(in_channels, filters, 7, bias=bias_before(norm)), norm)
    stages: list[Stage] = [("pad", nn.ReflectionPad2d(3), in_channels), ("stem", stem, filters)]
    stages += _down("down1", filters, norm, antialias)
    stages += _down("down2", 2 * filters, norm, antialias)
    width = 4 * filters
    for n in range(1, blocks + 1):
        stages.append((f"block{n}", ResidualBlock(width, norm=norm, padding=padding, dropout=dropout), width))
    return stages


def decoder_stages(filters: int, *, norm: str = "instance", antialias: bool = True) -> list[Stage]:
    """Return ``up1`` and ``up2``, from 4F channels at a quarter of the size to F at full size.

    Args:
        filters: F.
        norm: a name of :data:`i2ikit.nn.norms.NORMS`.
        antialias: interpolate and then convolve; else a transposed convolution.
    """
    return [_up("up1", 4 * filters, norm, antialias), _up("up2", 2 * filters, norm, antialias)]


def last_convolution(filters: int, channels: int) -> nn.Sequential:
    """Return ``pad`` and ``conv``: a 7x7 convolution from F to ``channels`` channels, without an activation."""
    return nn.Sequential(OrderedDict(pad=nn.ReflectionPad2d(3), conv=nn.Conv2d(filters, channels, 7)))


def _conv_norm_relu(conv: nn.Module, norm: str) -> nn.Sequential:
    width = int(conv.out_channels)  # type: ignore[arg-type]
    return nn.Sequential(OrderedDict(conv=conv, norm=make_norm(norm, width), relu=nn.ReLU()))


def _down(name: str, width: int, norm: str, antialias: bool) -> list[Stage]:
    """Return the two stages of a step down from ``width`` to twice that many channels."""
    stride = 1 if antialias else 2
    conv = nn.Conv2d(width, 2 * width, 3, stride=stride, padding=1, bias=bias_before(norm))
    rest = OrderedDict(norm=make_norm(norm, 2 * width), relu=nn.ReLU())
    if antialias:
        rest["blur"] = BlurDown()
    return [(f"{name}_conv", conv, 2 * width), (name, nn.Sequential(rest), 2 * width)]


def _up(name: str, width: int, norm: str, antialias: bool) -> Stage:
    """Return the stage of a step up from ``width`` to half as many channels."""
    half, bias = width // 2, bias_before(norm)
    if antialias:
        conv = nn.Conv2d(width, half, 3, padding=1, bias=bias)
        layers = OrderedDict(blur=BlurUp(), conv=conv, norm=make_norm(norm, half), relu=nn.ReLU())
        return name, UpStage(layers), half
    transposed = nn.ConvTranspose2d(width, half, 3, stride=2, padding=1, output_padding=1, bias=bias)
    return name, _conv_norm_relu(transposed, norm), half
