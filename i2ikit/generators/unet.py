"""The U-Net generator of pix2pix."""

from collections import OrderedDict
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.checks import MOST_LAYERS, positive_int
from i2ikit.nn.initialize import initialize
from i2ikit.nn.norms import bias_before, make_norm
from i2ikit.nn.staged import StagedGenerator
from i2ikit.registry import GENERATORS

Stage = tuple[str, nn.Module, int]


@GENERATORS.register_module()
class UNetGenerator(StagedGenerator):
    """Halve the image ``downs`` times, double it as often, with a skip connection at each size.

    Taps, in order: ``down1`` ... ``downN``, ``up1`` ... ``upM`` with M = N - 1, ``out`` (the image). A skip
    connection carries LeakyReLU(0.2) of a step's output (the published code applies it in place, and its weights expect
    that).

    Args:
        in_channels, out_channels: channels of the images, at least 1.
        filters: width F of the first step; doubles per step up to 8F. Published: 64.
        downs: number N of steps down, at least 2. Published: 8 for images of 256 pixels, 7 for 128.
        norm: ``instance``, ``instance_affine``, ``batch`` or ``none``. Published: ``batch`` in pix2pix, ``instance`` in
            CycleGAN and CUT.
        dropout: dropout 0.5 in the first N - 5 steps up after the innermost one.
        init, init_gain: see :func:`i2ikit.nn.initialize.initialize`.
    Shape:
        (B, in_channels, H, W) -> (B, out_channels, H, W) in -1..1; H and W multiples of 2**N.

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: an image of another shape.
    Source:
        Isola et al. 2016, arXiv:1611.07004, appendix 6.1.1.
    Example:
        >>> UNetGenerator(filters=4, downs=3)(torch.zeros(1, 3, 32, 32)).shape
        torch.Size([1, 3, 32, 32])
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        *,
        filters: int = 64,
        downs: int = 8,
        norm: str = "batch",
        dropout: bool = False,
        init: str = "xavier",
        init_gain: float = 0.02,
    ) -> None:
        positive_int("in_channels", in_channels)
        positive_int("out_channels", out_channels)
        positive_int("filters", filters)
        if positive_int("downs", downs, most=MOST_LAYERS) < 2:
            raise ValueError(f"downs must be at least 2, not {downs}")
        widths = [filters * min(2**n, 8) for n in range(downs)]
        stages = _ways_down(in_channels, widths, norm)
        for n in range(1, downs):
            before = widths[downs - n] * (1 if n == 1 else 2)  # the step below, and the skip connection
            dropped = dropout and 2 <= n <= downs - 4
            stages.append(_way_up(f"up{n}", before, widths[downs - n - 1], norm, dropped))
        last = nn.ConvTranspose2d(2 * widths[0], out_channels, 4, stride=2, padding=1)
        stages.append(("out", nn.Sequential(OrderedDict(relu=nn.ReLU(), conv=last, tanh=nn.Tanh())), out_channels))
        super().__init__(in_channels, stages, multiple=2**downs)
        initialize(self, init, init_gain)

    def advance(
        self, name: str, stage: Callable[..., Tensor], value: Tensor, kept: list[Tensor], *extra: Tensor
    ) -> Tensor:
        """Run one stage; steps down keep their activated input, steps up take it."""
        if name.startswith("down"):
            if name != "down1":
                value = F.leaky_relu(value, 0.2)
                kept.append(value)
        elif name != "up1":
            value = torch.cat([kept.pop(), value], 1)
        return stage(value)


def _ways_down(in_channels: int, widths: list[int], norm: str) -> list[Stage]:
    """Return the steps down; the outermost and the innermost have no norm."""
    stages: list[Stage] = []
    for n, width in enumerate(widths, start=1):
        before = in_channels if n == 1 else widths[n - 2]
        step = OrderedDict[str, nn.Module](
            conv=nn.Conv2d(before, width, 4, stride=2, padding=1, bias=bias_before(norm))
        )
        if 1 < n < len(widths):
            step["norm"] = make_norm(norm, width)
        stages.append((f"down{n}", nn.Sequential(step), width))
    return stages


def _way_up(name: str, before: int, width: int, norm: str, dropout: bool) -> Stage:
    conv = nn.ConvTranspose2d(before, width, 4, stride=2, padding=1, bias=bias_before(norm))
    step = OrderedDict[str, nn.Module](relu=nn.ReLU(), conv=conv, norm=make_norm(norm, width))
    if dropout:
        step["dropout"] = nn.Dropout(0.5)
    return name, nn.Sequential(step), width
