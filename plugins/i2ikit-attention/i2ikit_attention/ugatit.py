"""The generator of U-GAT-IT: an attention map from an auxiliary classifier, and norms that it steers."""

from collections import OrderedDict
from collections.abc import Callable
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.checks import MOST_LAYERS, positive_int
from i2ikit.nn.initialize import initialize
from i2ikit.nn.resnet_stages import encoder_stages, last_convolution
from i2ikit.nn.staged import StagedGenerator
from i2ikit.registry import GENERATORS

EPS = 1e-5
BLOCKS_START = 0.9  # of rho


class ILN(nn.Module):
    """Mix of instance and layer norm, channel by channel: ``rho * IN(x) + (1 - rho) * LN(x)``, no scale or shift.

    Args:
        channels: C.
        start: of rho, which is trained and used clamped to 0..1.
    Shape:
        (B, C, H, W) -> the same.
    Source:
        Kim et al. 2020, arXiv:1907.10830, eq. 1.
    """

    mixes_images = False

    def __init__(self, channels: int, start: float) -> None:
        super().__init__()
        self.rho = nn.Parameter(torch.full((1, channels, 1, 1), start))

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalized map."""
        rho = self.rho.clamp(0, 1).to(x.dtype)
        return rho * F.instance_norm(x, eps=EPS) + (1 - rho) * F.group_norm(x, 1, eps=EPS)


class AffineILN(ILN):
    """The same with a trained scale and shift of each channel; rho starts from 0, as published.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, 0.0)
        self.gamma, self.beta = nn.Parameter(torch.ones_like(self.rho)), nn.Parameter(torch.zeros_like(self.rho))

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalized map, scaled and shifted."""
        return self.gamma * super().forward(x) + self.beta


class AdaLINBlock(nn.Module):
    """A residual block whose two norms are scaled and shifted by ``gamma`` and ``beta`` (B, C, 1, 1).

    Args:
        channels: C of input and output.
    Source:
        Kim et al. 2020, arXiv:1907.10830, eq. 1 and figure 2.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect", bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect", bias=False)
        self.norm1, self.norm2 = ILN(channels, BLOCKS_START), ILN(channels, BLOCKS_START)

    def forward(self, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
        """Return x + S(x)."""
        inner = F.relu(gamma * self.norm1(self.conv1(x)) + beta)
        return x + gamma * self.norm2(self.conv2(inner)) + beta


class AdaLINBlocks(nn.Module):
    """Residual blocks with one gamma and one beta, which come from the mean of their input over positions.

    Args:
        channels: C of input and output.
        blocks: number of blocks.
    Shape:
        (B, C, H, W) -> the same.
    Source:
        Kim et al. 2020, arXiv:1907.10830, section 2.1.1; the form of the mean is the light one of the published code.
    """

    def __init__(self, channels: int, blocks: int) -> None:
        super().__init__()
        hidden = (nn.Linear(channels, channels, bias=False) for _ in range(2))
        self.hidden = nn.Sequential(*(layer for linear in hidden for layer in (linear, nn.ReLU())))
        self.gamma = nn.Linear(channels, channels, bias=False)
        self.beta = nn.Linear(channels, channels, bias=False)
        self.blocks = nn.ModuleList(AdaLINBlock(channels) for _ in range(blocks))

    def forward(self, x: Tensor) -> Tensor:
        """Return the map after all blocks."""
        hidden = self.hidden(x.mean((2, 3)))
        gamma, beta = (layer(hidden)[..., None, None] for layer in (self.gamma, self.beta))
        for block in self.blocks:
            x = block(x, gamma, beta)
        return x


class ClassActivation(nn.Module):
    """Two linear classifiers of the domain, of a map's means and of its largest values over positions.

    Args:
        channels: C.
    Shape:
        (B, C, H, W) -> (B, 2, 1, 1) logits, high for the generator's source domain.
    Source:
        Kim et al. 2020, arXiv:1907.10830, section 2.1.1; class activation maps of Zhou et al. 2016, arXiv:1512.04150.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mean, self.largest = nn.Linear(channels, 1, bias=False), nn.Linear(channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        return torch.stack([self.mean(x.mean((2, 3))), self.largest(x.amax((2, 3)))], dim=1)[..., None]

    def weigh(self, x: Tensor) -> Tensor:
        """Return ``x`` twice, (B, 2C, H, W), each channel times its weight in one of the classifiers."""
        return torch.cat([x * layer.weight[..., None, None] for layer in (self.mean, self.largest)], dim=1)


@GENERATORS.register_module()
class UGATITGenerator(StagedGenerator):
    """Two steps down, blocks, attention by an auxiliary classifier of the domain, AdaLIN blocks, two steps up.

    Taps, in order: those of ``ResNetGenerator`` up to ``blockN``, then ``cam`` (B, 2, 1, 1), the logits of the
    classifier, which ``CAMTerm`` trains, ``attention``, the weighed map, ``adalin``, ``up1``, ``up2`` and ``out``.

    Args:
        in_channels, out_channels: channels of the images, at least 1.
        filters: width F of the stem; the blocks have 4F. Published: 64.
        blocks: number N of blocks before the attention, and of AdaLIN blocks after it, at least 1. Published: 6, and
            4 in the first release.
        init, init_gain: see :func:`i2ikit.nn.initialize.initialize`.
    Shape:
        (B, in_channels, H, W) -> (B, out_channels, H, W) in -1..1; H and W multiples of 4, at least 8.

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: an image of another shape.
    Source:
        Kim et al. 2020 (U-GAT-IT), arXiv:1907.10830, figure 2 and appendix C, in the published code's light form.
        differs: the variance of the norms is the mean of squares, published divided by one position less.
    Example:
        >>> generator = UGATITGenerator(filters=4, blocks=1)
        >>> taps = generator.trace(torch.zeros(1, 3, 32, 32), ["cam", "attention", "out"])
        >>> {name: tuple(x.shape) for name, x in taps.items()}
        {'cam': (1, 2, 1, 1), 'attention': (1, 16, 8, 8), 'out': (1, 3, 32, 32)}
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        *,
        filters: int = 64,
        blocks: int = 6,
        init: str = "kaiming",
        init_gain: float = 0.02,
    ) -> None:
        positive_int("in_channels", in_channels)
        positive_int("out_channels", out_channels)
        positive_int("filters", filters)
        positive_int("blocks", blocks, most=MOST_LAYERS)
        width = 4 * filters
        stages = [
            *encoder_stages(in_channels, filters, blocks, antialias=False),
            ("cam", ClassActivation(width), 2),
            ("attention", nn.Sequential(OrderedDict(conv=nn.Conv2d(2 * width, width, 1), relu=nn.ReLU())), width),
            ("adalin", AdaLINBlocks(width, blocks), width),
            ("up1", _up(width), width // 2),
            ("up2", _up(width // 2), filters),
            ("out", last_convolution(filters, out_channels), out_channels),
        ]
        super().__init__(in_channels, stages, multiple=4, smallest=8)
        initialize(self, init, init_gain)

    def advance(
        self, name: str, stage: Callable[..., Tensor], value: Tensor, kept: list[Tensor], *extra: Tensor
    ) -> Tensor:
        """Run one stage; the attention weighs the map that was classified."""
        if name == "cam":
            kept.append(value)
        if name == "attention":
            classifier = cast(ClassActivation, self.stages.get_submodule("cam"))
            value = classifier.weigh(kept.pop())
        value = stage(value)
        return torch.tanh(value) if name == "out" else value


def _up(width: int) -> nn.Sequential:
    """Return a step up from ``width`` to half as many channels."""
    conv = nn.Conv2d(width, width // 2, 3, padding=1, padding_mode="reflect", bias=False)
    up = nn.Upsample(scale_factor=2, mode="nearest")
    return nn.Sequential(OrderedDict(up=up, conv=conv, norm=AffineILN(width // 2), relu=nn.ReLU()))
