"""The convolutions of a PatchGAN, which several discriminators are made of."""

from collections import OrderedDict
from itertools import pairwise

from torch import Tensor, nn

from i2ikit.checks import check_images, positive_int
from i2ikit.nn.blur import BlurDown
from i2ikit.nn.norms import bias_before, make_norm


class PatchGAN(nn.Module):
    """4x4 convolutions with LeakyReLU(0.2): ``layers`` that halve the size, one that keeps it, and one for the score.

    Args:
        in_channels: channels of the images, at least 1.
        filters: width of the first layer; doubles per layer up to 8 times.
        layers: number of layers that halve the size, at least 1.
        antialias: convolve with stride 1 and then blur and subsample; else convolve with stride 2.
        norm: ``instance``, ``instance_affine``, ``batch`` or ``none``; the first and the last layer have none.
    Shape:
        (B, in_channels, H, W) -> (B, 1, H // 2**layers - 2, W // 2**layers - 2); H, W at least 3 * 2**layers.

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: an image of another shape, or one too small for a score.
    Source:
        Isola et al. 2016, arXiv:1611.07004, appendix 6.1.2; anti-aliasing as in CUT, arXiv:2007.15651.
    """

    def __init__(self, in_channels: int, *, filters: int, layers: int, antialias: bool, norm: str) -> None:
        super().__init__()
        self.in_channels = positive_int("in_channels", in_channels)
        positive_int("filters", filters)
        self.smallest = 3 * 2 ** positive_int("layers", layers)
        widths = [in_channels] + [filters * min(2**n, 8) for n in range(layers + 1)]
        stages = OrderedDict[str, nn.Module]()
        for n, (before, after) in enumerate(pairwise(widths), start=1):
            kind = "none" if n == 1 else norm
            bias = n == 1 or bias_before(norm)
            stages[f"layer{n}"] = _layer(before, after, halve=n <= layers, antialias=antialias, norm=kind, bias=bias)
        stages["score"] = nn.Conv2d(widths[-1], 1, 4, padding=1)
        self.stages = nn.Sequential(stages)

    def forward(self, x: Tensor) -> Tensor:
        """Return one logit per patch."""
        check_images(type(self).__name__, x, self.in_channels, smallest=self.smallest)
        return self.stages(x)


def _layer(before: int, after: int, *, halve: bool, antialias: bool, norm: str, bias: bool) -> nn.Sequential:
    stride = 2 if halve and not antialias else 1
    layer = OrderedDict[str, nn.Module](conv=nn.Conv2d(before, after, 4, stride=stride, padding=1, bias=bias))
    layer["norm"] = make_norm(norm, after)
    layer["relu"] = nn.LeakyReLU(0.2)
    if halve and antialias:
        layer["blur"] = BlurDown()
    return nn.Sequential(layer)
