"""Images of any file as the data of a config wants them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from i2ikit.checks import one_of
from i2ikit.images.colors import (
    COLOR,
    GRAY,
    POLICIES,
    as_bytes,
    as_planes,
    flattened,
    has_alpha,
    laid_on,
    planes_with_channels,
    with_channels,
)
from i2ikit.images.decoding import Size, decode
from i2ikit.images.guarding import naming
from i2ikit.images.planes import EIGHT_BITS, Planes, Range, own_range, scaled
from i2ikit.ops.pixels import Pixels

MOST_CHANNELS = 64
BYTES: np.dtype[Any] = np.dtype(np.uint8)
PROFILED = ("RGB", "RGBA", "RGBa", "P", "PA")  # modes whose color profile describes RGB


@dataclass(frozen=True)
class DecodedImage:
    """An image, upright, with all that has to be put back around it.

    Attributes:
        pixels: as :class:`Reader` gives them. Where the file is fully transparent they show what lies behind; elsewhere
            the colors are those that are stored, whatever their opacity.
        alpha: opacity (H, W), in the file's own numbers; None for an image without transparency.
        dtype: of the file's numbers.
        limits: the numbers that 0 and 1 stand for.
        layout: how the file stores channels, see :class:`Planes`.
        profile: ICC color profile, which describes the numbers in ``pixels``; None for none.
        kept_alpha: the last channel of ``pixels`` is opacity.
    """

    pixels: Pixels
    alpha: NDArray[Any] | None = None
    dtype: np.dtype[Any] = BYTES
    limits: Range = EIGHT_BITS
    layout: str = "last"
    profile: bytes | None = None
    kept_alpha: bool = False


class Reader:
    """Reads image files as pixels with one number of channels and one scale.

    Images with 8 bits a channel that become gray or RGB stay images of Pillow; all others become float32 arrays
    (H, W, C) in 0..1. Palettes and CMYK become RGB; gray and colors become each other (Rec. 601); any other file must
    have as many channels as are asked for.

    Args:
        channels: 1 to 64.
        value_range: ``[low, high]``, the numbers in the files that are black and white, so that they become -1 and 1.
            None: 0..255 for bytes, 0..65535 for other whole numbers, 0..1 for floating point.
        alpha: what transparency becomes: ``"white"`` or ``"black"`` lies behind it; ``"ignore"`` leaves the stored
            colors; ``"keep"`` makes opacity the last channel, for 2 or 4 channels.
        clip: cut off values outside of the range; else they are an error.

    Raises:
        ValueError: an argument is out of its range.
    """

    def __init__(
        self,
        channels: int = COLOR,
        *,
        value_range: tuple[float, float] | list[float] | None = None,
        alpha: str = "white",
        clip: bool = False,
    ) -> None:
        if isinstance(channels, bool) or not isinstance(channels, int) or not 1 <= channels <= MOST_CHANNELS:
            raise ValueError(f"channels must be a whole number in 1..{MOST_CHANNELS}, not {channels!r}")
        self.channels = channels
        self.value_range = None if value_range is None else _range(value_range)
        self.alpha, self.clip = one_of("alpha", alpha, POLICIES), clip
        self.keeps_alpha = alpha == "keep"
        if self.keeps_alpha and channels not in (GRAY + 1, COLOR + 1):
            raise ValueError(f'alpha="keep" makes 2 channels (gray) or 4 (RGB), not channels={channels}')

    def __call__(self, path: str | Path, *, draft: Size | None = None) -> Pixels:
        """Return the pixels of a file, to train on.

        Args:
            path: of a file.
            draft: width and height, in pixels, that suffice; see :func:`decode`.

        Raises:
            DataError: the file is missing, damaged, no image, has other channels, or values that are not finite or
                out of range; the message names it.
        """
        found = decode(path, self.channels, draft=draft)
        with naming(path):
            return self._prepared(found, path)[0]

    def image(self, path: str | Path) -> DecodedImage:
        """Return a file with all that has to be put back around its pixels once they are translated.

        Raises:
            DataError: as for the pixels alone.
        """
        found = decode(path, self.channels)
        with naming(path):
            if isinstance(found, Image.Image):
                return self._shallow(found, path)
            pixels, limits = self._prepared(found, path, keep_edges=True)
            alpha = None if self.keeps_alpha else found.alpha
            profile = found.profile if self.channels >= COLOR else None
            return DecodedImage(pixels, alpha, found.values.dtype, limits, found.layout, profile, self.keeps_alpha)

    def key(self) -> str:
        """Return words that name everything that the pixels of a file depend on."""
        return f"channels {self.channels}, range {self.value_range}, alpha {self.alpha}, clip {self.clip}"

    def _shallow(self, image: Image.Image, path: str | Path) -> DecodedImage:
        profile = image.info.get("icc_profile") if image.mode in PROFILED and self.channels >= COLOR else None
        alpha = None
        if has_alpha(image) and not self.keeps_alpha:
            alpha = np.asarray(image.convert("RGBA").getchannel("A"))
            image = flattened(image, self.alpha, keep_edges=True)
        pixels, limits = self._prepared(image, path)
        return DecodedImage(pixels, alpha, limits=limits, profile=profile, kept_alpha=self.keeps_alpha)

    def _prepared(
        self, found: Image.Image | Planes, path: str | Path, *, keep_edges: bool = False
    ) -> tuple[Pixels, Range]:
        """Return pixels, and the numbers that 0 and 1 stand for."""
        if isinstance(found, Image.Image):
            found = with_channels(found, self.channels, self.alpha, path)
        else:
            found = planes_with_channels(found, self.channels, self.alpha, path)
            found = as_bytes(found) or found
        if isinstance(found, Image.Image) and self.value_range in (None, EIGHT_BITS):
            return found, EIGHT_BITS
        planes = found if isinstance(found, Planes) else as_planes(found)
        limits = self.value_range or own_range(planes.values.dtype)
        pixels = scaled(planes.values, limits, path, clip=self.clip)
        return laid_on(pixels, planes.alpha, self.alpha, keep_edges=keep_edges), limits


def _range(value: tuple[float, float] | list[float]) -> Range:
    try:
        low, high = map(float, value)
        fine = low < high and np.isfinite([low, high]).all()
    except (TypeError, ValueError):
        fine = False
    if not fine:
        raise ValueError(f"value_range must be [low, high] with low below high, not {value!r}")
    return low, high


def domain_readers(*, channels: Any = COLOR, value_range: Any = None, **others: Any) -> dict[str, Reader]:
    """Return the readers of domains a and b.

    Args:
        channels, value_range: as for :class:`Reader`, or ``dict(a=..., b=...)`` if the domains differ.
        others: arguments of both.

    Raises:
        ValueError: an argument is out of its range, or a dict has other keys.
    """
    return {
        domain: Reader(_of(domain, "channels", channels), value_range=_of(domain, "value_range", value_range), **others)
        for domain in ("a", "b")
    }


def _of(domain: str, name: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if set(value) != {"a", "b"}:
        raise ValueError(f"{name} must be one value, or dict(a=..., b=...), not {value!r}")
    return value[domain]
