"""The PatchGAN discriminator: one score per overlapping patch."""

from collections import OrderedDict
from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor, nn

from i2ikit.checks import MOST_LAYERS, check_images, not_negative_int, one_of, positive_int
from i2ikit.interfaces.inputs import ExtraInput
from i2ikit.nn.blur import BlurDown
from i2ikit.nn.initialize import initialize
from i2ikit.nn.norms import bias_before, make_norm
from i2ikit.registry import DISCRIMINATORS


class PatchGAN(nn.Module):
    """4x4 convolutions with LeakyReLU(0.2): ``layers`` that halve the size, one that keeps it, and one for the score.

    Args:
        in_channels, filters, layers, antialias, norm, condition: see :class:`PatchGANDiscriminator`.

    Attributes:
        tap_names: of :meth:`trace`: ``layer1``, ``layer2``, ..., and ``out``, the logits.
    Shape:
        (B, in_channels, H, W) -> (B, 1, H // 2**layers - 2, W // 2**layers - 2); H, W at least 3 * 2**layers.

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: an image of another shape, or one too small for a score.
    """

    def __init__(
        self, in_channels: int, *, filters: int, layers: int, antialias: bool, norm: str, condition: int = 0
    ) -> None:
        super().__init__()
        self.in_channels = positive_int("in_channels", in_channels)
        positive_int("filters", filters)
        self.smallest = 3 * 2 ** positive_int("layers", layers, most=MOST_LAYERS)
        if not_negative_int("condition", condition):
            self.extra_inputs: tuple[ExtraInput, ...] = (ExtraInput("condition", "image", condition),)
        widths = [in_channels + condition] + [filters * min(2**n, 8) for n in range(layers + 1)]
        stages = OrderedDict[str, nn.Module]()
        for n, (before, after) in enumerate(pairwise(widths), start=1):
            kind = "none" if n == 1 else norm
            bias = n == 1 or bias_before(norm)
            stages[f"layer{n}"] = _layer(before, after, halve=n <= layers, antialias=antialias, norm=kind, bias=bias)
        stages["score"] = nn.Conv2d(widths[-1], 1, 4, padding=1)
        self.stages = nn.Sequential(stages)
        self._widths = {**{f"layer{n}": width for n, width in enumerate(widths[1:], start=1)}, "out": 1}

    @property
    def tap_names(self) -> tuple[str, ...]:
        """The names of the taps, in the order in which they are computed."""
        return tuple(self._widths)

    def widths(self, taps: Iterable[str]) -> list[int]:
        """Return the number of channels of each tap."""
        return [self._widths[one_of("taps", tap, self._widths)] for tap in taps]

    def trace(self, x: Tensor, taps: Iterable[str], *extra: Tensor) -> dict[str, Tensor]:
        """Run the layers up to the last requested tap, and return the outputs of the requested ones.

        Args:
            x: images (B, in_channels, H, W).
            taps: names of layers; ``"out"`` is the logits.
            extra: the extra inputs: the condition (B, condition, H, W), if there is one.
        """
        check_images(type(self).__name__, x, self.in_channels, smallest=self.smallest)
        wanted = {one_of("taps", tap, self._widths) for tap in taps}
        found: dict[str, Tensor] = {}
        value = x
        for tap, stage in zip(self._widths, self.stages, strict=True):
            value = self.advance(tap, stage, value, *extra)
            if tap in wanted:
                found[tap] = value
            if len(found) == len(wanted):
                break
        return found

    def advance(self, tap: str, stage: nn.Module, value: Tensor, *extra: Tensor) -> Tensor:
        """Run one layer; the first one sees the condition too. A subclass with other extra inputs overrides it."""
        value = torch.cat([value, *extra], dim=1) if extra and tap == "layer1" else value
        made: Tensor = stage(value)
        return made

    def forward(self, x: Tensor, *extra: Tensor) -> Tensor:
        """Return one logit per patch."""
        return self.trace(x, ("out",), *extra)["out"]


def _layer(before: int, after: int, *, halve: bool, antialias: bool, norm: str, bias: bool) -> nn.Sequential:
    stride = 2 if halve and not antialias else 1
    layer = OrderedDict[str, nn.Module](conv=nn.Conv2d(before, after, 4, stride=stride, padding=1, bias=bias))
    layer["norm"] = make_norm(norm, after)
    layer["relu"] = nn.LeakyReLU(0.2)
    if halve and antialias:
        layer["blur"] = BlurDown()
    return nn.Sequential(layer)


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
        condition: channels of a second image that is judged together with the first, ``"ab(a), a"``; 0: none.
        init, init_gain: see :func:`i2ikit.nn.initialize.initialize`.
    Shape:
        (B, in_channels, H, W) -> (B, 1, h, w): 256 x 256 -> 30 x 30 with 3 layers.

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: an image of another shape, or one too small for a score.
    Source:
        Isola et al. 2016, arXiv:1611.07004, appendix 6.1.2, and equation 1 for the
        condition; anti-aliasing as in CUT, arXiv:2007.15651.
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
        condition: int = 0,
        init: str = "xavier",
        init_gain: float = 0.02,
    ) -> None:
        super().__init__(
            in_channels, filters=filters, layers=layers, antialias=antialias, norm=norm, condition=condition
        )
        initialize(self, init, init_gain)
