"""The discriminator of UNSB: a PatchGAN that is told the time of the image."""

import math

import torch
from torch import Tensor, nn

from i2ikit.discriminators.patchgan import PatchGANDiscriminator
from i2ikit.interfaces import ExtraInput
from i2ikit.nn.initialize import initialize
from i2ikit.registry import DISCRIMINATORS

LONGEST = 10_000.0  # wavelength, over 2 pi, of the slowest sine


def time_embedding(time: Tensor, width: int) -> Tensor:
    """Return sines and cosines of ``time`` (B,) at wavelengths from 2 pi to 2 pi * 10^4, (B, width).

    Args:
        time: a number per image.
        width: of the embedding, at least 4; an odd one ends in a 0.
    Source:
        Vaswani et al. 2017, arXiv:1706.03762, section 3.5.
    """
    half = width // 2
    steps = torch.arange(half, device=time.device, dtype=time.dtype)
    angles = time[:, None] * torch.exp(-math.log(LONGEST) / (half - 1) * steps)
    return nn.functional.pad(torch.cat([angles.sin(), angles.cos()], dim=1), (0, width % 2))


@DISCRIMINATORS.register_module()
class TimePatchGANDiscriminator(PatchGANDiscriminator):
    """``PatchGANDiscriminator`` with the extra input ``t`` (B,), the number of steps that an image has behind it.

    An embedding of the time is added to the first feature map.

    Args:
        in_channels: channels of the images, at least 1.
        filters: width f of the first layer; the embedding has 4f, at least 4. Published: 64.
        layers, antialias, norm, init, init_gain: see ``PatchGANDiscriminator``.
    Shape:
        (B, in_channels, H, W), t (B,) -> (B, 1, h, w), as ``PatchGANDiscriminator``.

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: an image or a time of another shape, or an image too small for a score.
    Source:
        Kim et al. 2023 (UNSB), arXiv:2305.15086.
        differs: the published code also adds it before the instance norms of later layers, which cancel it.
    Example:
        >>> TimePatchGANDiscriminator(filters=4)(torch.zeros(2, 3, 64, 64), torch.tensor([0.0, 3.0])).shape
        torch.Size([2, 1, 6, 6])
    """

    extra_inputs = (ExtraInput("t", "scalar"),)

    def __init__(
        self,
        in_channels: int = 3,
        *,
        filters: int = 64,
        layers: int = 3,
        antialias: bool = True,
        norm: str = "instance",
        init: str = "xavier",
        init_gain: float = 0.02,
    ) -> None:
        super().__init__(in_channels, filters=filters, layers=layers, antialias=antialias, norm=norm)
        self.width = 4 * filters
        embed = [nn.Linear(self.width, self.width), nn.LeakyReLU(0.2), nn.Linear(self.width, self.width)]
        self.embed = nn.Sequential(*embed, nn.LeakyReLU(0.2))
        self.add = nn.Linear(self.width, filters)
        initialize(self, init, init_gain)

    def advance(self, tap: str, stage: nn.Module, value: Tensor, *extra: Tensor) -> Tensor:
        """Run one layer; after the first convolution the embedded time is added."""
        if tap != "layer1":
            return super().advance(tap, stage, value)
        (time,) = extra
        embedded = self.embed(time_embedding(time.to(value.dtype), self.width))
        conv, *rest = stage.children()
        value = conv(value) + self.add(embedded)[..., None, None]
        for layer in rest:
            value = layer(value)
        return value
