"""Several PatchGANs, each on a smaller copy of the image."""

from collections.abc import Iterable
from typing import Any, cast

import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.checks import MOST_LAYERS, check_images, one_of, positive_int
from i2ikit.discriminators.patchgan import PatchGAN
from i2ikit.nn.initialize import initialize
from i2ikit.registry import DISCRIMINATORS


@DISCRIMINATORS.register_module()
class MultiScaleDiscriminator(nn.Module):
    """Score patches at several scales, each with its own weights, at half the size of the previous one.

    Args:
        in_channels: channels of the images, at least 1.
        scales: number of scales, at least 1. Published: 3.
        filters, layers, antialias, norm: of each PatchGAN, see
            :class:`i2ikit.discriminators.patchgan.PatchGANDiscriminator`.
        init, init_gain: see :func:`i2ikit.nn.initialize.initialize`.
    Shape:
        (B, in_channels, H, W) -> a list, one (B, 1, h, w) per scale, full size first. H, W at least
        3 * 2**(layers + scales - 1).

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: an image of another shape, or one too small for the last scale.
    Source:
        Wang et al. 2017 (pix2pixHD), arXiv:1711.11585, section 3.2: average pooling 3x3, stride 2.
    Example:
        >>> [tuple(x.shape) for x in MultiScaleDiscriminator(scales=2, filters=4)(torch.zeros(1, 3, 64, 64))]
        [(1, 1, 6, 6), (1, 1, 2, 2)]
    """

    def __init__(
        self,
        in_channels: int = 3,
        *,
        filters: int = 64,
        layers: int = 3,
        antialias: bool = True,
        norm: str = "instance",
        scales: int = 3,
        init: str = "xavier",
        init_gain: float = 0.02,
    ) -> None:
        super().__init__()
        self.scales = nn.ModuleList(
            PatchGAN(in_channels, filters=filters, layers=layers, antialias=antialias, norm=norm)
            for _ in range(positive_int("scales", scales, most=MOST_LAYERS))
        )
        self.in_channels, self.smallest = in_channels, 3 * 2 ** (layers + scales - 1)
        initialize(self, init, init_gain)

    @property
    def tap_names(self) -> tuple[str, ...]:
        """The names of the taps: ``scale0_layer1``, ..., and ``out``, the logits of all scales."""
        return (*(f"scale{index}_{tap}" for index, scale in self._each() for tap in scale.tap_names[:-1]), "out")

    def _each(self) -> list[tuple[int, PatchGAN]]:
        return [(index, cast(PatchGAN, scale)) for index, scale in enumerate(self.scales)]

    def widths(self, taps: Iterable[str]) -> list[int]:
        """Return the number of channels of each tap."""
        layers = (one_of("taps", tap, self.tap_names).partition("_")[2] or "out" for tap in taps)
        return cast(PatchGAN, self.scales[0]).widths(layers)

    def trace(self, x: Tensor, taps: Iterable[str]) -> dict[str, Any]:
        """Return the requested taps; ``"out"`` is the list of the logits of every scale, full size first."""
        check_images(type(self).__name__, x, self.in_channels, smallest=self.smallest)
        wanted = [one_of("taps", tap, self.tap_names) for tap in taps]
        found: dict[str, Any] = {}
        for index, scale in self._each():
            if index:
                x = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)  # H -> ceil(H / 2)
            prefix = f"scale{index}_"
            layers = [tap.removeprefix(prefix) for tap in wanted if tap.startswith(prefix) or tap == "out"]
            traced = scale.trace(x, layers) if layers else {}
            if "out" in traced:
                found.setdefault("out", []).append(traced.pop("out"))
            found.update({f"{prefix}{tap}": value for tap, value in traced.items()})
        return found

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the logits of every scale, full size first."""
        scores: list[Tensor] = self.trace(x, ("out",))["out"]
        return scores
