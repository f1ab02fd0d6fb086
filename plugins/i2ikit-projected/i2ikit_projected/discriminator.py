"""Projected discriminators: small judges of the features of a frozen network."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from typing_extensions import Self

from i2ikit.checks import positive_int
from i2ikit.registry import DISCRIMINATORS

GROUP = 8  # channels of a group of the norm


@DISCRIMINATORS.register_module()
class ProjectedDiscriminator(nn.Module):
    """Judge images in the features of a frozen network, at several scales, after random projections that never change.

    The features of each tap are mixed across channels by a random 1x1 convolution, and across scales by random 3x3
    convolutions from the coarsest to the finest. On each scale a small network of convolutions with a spectral norm,
    the only part that is trained, returns logits. Put ``augment=dict(type="DiffAugment")`` in front of it, as
    published.

    Args:
        extractor: the frozen network, such as ``dict(type="TimmNetwork", name="tf_efficientnet_lite0", ...)``.
        taps: of the extractor, from fine to coarse, at least one; each at most as large as the one before.
        channels: width of the finest projection, >= 1; each coarser one is twice as wide.
        filters: width of the judges, a multiple of 8.
    Shape:
        x: (B, C, H, W) in -1..1, C as the extractor takes it; returns one (B, 1, h, w) for each tap.

    Raises:
        ValueError: an argument is out of its range.
    Source:
        Sauer et al. 2021 (Projected GANs), arXiv:2111.01007, section 3. Differs: a group norm for the published batch
        norm, which mixes the images of a batch, and two convolutions on each scale.
    Example:
        >>> from i2ikit.extractors import VGG16Features
        >>> vgg = VGG16Features("random", filters=2)
        >>> judge = ProjectedDiscriminator(vgg, ["relu2_2", "relu3_3"], channels=4, filters=8)
        >>> [tuple(logits.shape) for logits in judge(torch.zeros(2, 3, 32, 32))]
        [(2, 1, 8, 8), (2, 1, 4, 4)]
    """

    def __init__(self, extractor: nn.Module, taps: Sequence[str], *, channels: int = 64, filters: int = 64) -> None:
        super().__init__()
        if isinstance(taps, str) or not taps:
            raise ValueError(f"taps must be a list of at least one name, not {taps!r}")
        if positive_int("filters", filters) % GROUP:
            raise ValueError(f"filters must be a multiple of {GROUP}, not {filters}")
        self.extractor: Any = extractor
        self.taps, self.in_channels = list(taps), getattr(extractor, "in_channels", 3)
        given = self.extractor.widths(self.taps)
        widths = [positive_int("channels", channels) * 2**scale for scale in range(len(self.taps))]
        self.across_channels = nn.ModuleList(nn.Conv2d(*pair, 1) for pair in zip(given, widths, strict=True))
        coarser = zip(widths[1:], widths, strict=False)
        self.across_scales = nn.ModuleList(nn.Conv2d(*pair, 3, padding=1) for pair in coarser)
        self.judges = nn.ModuleList(_judge(width, filters) for width in widths)
        for frozen in (extractor, self.across_channels, self.across_scales):
            frozen.requires_grad_(False)
        for layer in extractor.modules():
            layer.mixes_images = False  # type: ignore[assignment]  # in evaluation mode no layer does
        self.train()

    def train(self, mode: bool = True) -> Self:
        """Set the mode; the extractor stays in evaluation mode."""
        super().train(mode)
        self.extractor.eval()
        return self

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the logits of each scale, from fine to coarse."""
        return [judge(features) for judge, features in zip(self.judges, self.projected(x), strict=True)]

    def projected(self, x: Tensor) -> list[Tensor]:
        """Return the mixed features of each scale, (B, channels * 2^k, h, w), from fine to coarse."""
        features = self.extractor.trace(x, self.taps)
        mixed = [mix(features[tap]) for mix, tap in zip(self.across_channels, self.taps, strict=True)]
        for scale in reversed(range(len(mixed) - 1)):
            larger = F.interpolate(mixed[scale + 1], mixed[scale].shape[-2:], mode="bilinear", align_corners=False)
            mixed[scale] = mixed[scale] + self.across_scales[scale](larger)
        return mixed


class SpectralConv2d(nn.Conv2d):
    """A convolution whose weight, as a matrix (out, in * k * k), is divided by its largest singular value.

    Differs: the exact value, where the published code approaches it by one step of the power method for each call,
    whose state would make the logits of an image depend on how many came before.

    Shape:
        x: (B, in, H, W); returns (B, out, h, w).
    Source:
        Miyato et al. 2018, arXiv:1802.05957, section 2.1.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution with the normalized weight."""
        with torch.autocast("cpu" if x.is_meta else x.device.type, enabled=False):
            matrix = self.weight.flatten(1)
            products = (matrix @ matrix.mT).float()  # (out, out), far smaller than the weight
            norm = torch.linalg.matrix_norm(products, 2).sqrt()
        return self._conv_forward(x, self.weight / norm, self.bias)


def _judge(width: int, filters: int) -> nn.Sequential:
    return nn.Sequential(
        SpectralConv2d(width, filters, 4, stride=2, padding=1),
        nn.GroupNorm(filters // GROUP, filters),
        nn.LeakyReLU(0.2),
        SpectralConv2d(filters, 1, 3, padding=1),
    )
