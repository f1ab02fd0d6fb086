"""Reads image files as the pixels that the section ``data`` of a config describes."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from i2ikit.checks import MOST_CHANNELS, one_of
from i2ikit.images.colors import BACKGROUNDS, COLOR, GRAY, POLICIES, as_image, as_planes, composed, with_channels
from i2ikit.images.files import decode
from i2ikit.images.formats.base import Size
from i2ikit.images.guarding import file_errors
from i2ikit.images.planes import EIGHT_BITS, DecodedImage, Planes, Range, own_range, scaled
from i2ikit.ops.pixels import Pixels


class Reader:
    """Reads image files as pixels with a fixed number of channels and a fixed range.

    Gray and RGB with 8 bits per channel are images of Pillow; all others become float32 arrays (H, W, C) in 0..1.
    Palettes and CMYK become RGB; gray and RGB are converted into each other (Rec. 601); any other file must have the
    right number of channels.

    Args:
        channels: 1 to 64.
        value_range: ``[low, high]``, the values in the files that are black and white; they become -1 and 1. None:
            0..255 for bytes, 0..65535 for other integers, 0..1 for floating point.
        alpha: what becomes of transparency: ``"white"`` or ``"black"`` is the background; ``"ignore"`` returns the
            stored colors; ``"keep"`` makes opacity the last channel, for 2 or 4 channels.
        clip: clip values outside of the range; else they are an error.

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
            raise ValueError(f"channels must be an integer in 1..{MOST_CHANNELS}, not {channels!r}")
        self.channels = channels
        self.value_range = None if value_range is None else _range(value_range)
        self.alpha, self.clip = one_of("alpha", alpha, POLICIES), clip
        self.keeps_alpha = alpha == "keep"
        if self.keeps_alpha and channels not in (GRAY + 1, COLOR + 1):
            raise ValueError(f'alpha="keep" makes 2 channels (gray) or 4 (RGB), not channels={channels}')

    def __call__(self, path: str | Path, *, draft: Size | None = None) -> Pixels:
        """Return the pixels of a file, to train on.

        Args:
            path: of the file.
            draft: width and height, in pixels, that suffice; see :func:`decode`.

        Raises:
            DataError: the file is missing, damaged, not an image, or has the wrong number of channels, or values that
                are not finite or out of range; the message names it.
        """
        found = decode(path, self.channels, draft=draft)
        with file_errors(path):
            return self._prepared(found, path)[0]

    def image(self, path: str | Path) -> DecodedImage:
        """Return a file, its pixels as for training, with all that is needed to write it back after translation.

        Raises:
            DataError: as for the pixels alone.
        """
        return self.prepared(decode(path, self.channels), path)

    def prepared(self, found: Image.Image | Planes, path: str | Path) -> DecodedImage:
        """Return what was decoded already, such as a frame of a video, as :meth:`image` returns a file.

        Args:
            found: upright, as :func:`decode` returns it.
            path: of its file, for messages.

        Raises:
            DataError: as for a file.
        """
        with file_errors(path):
            pixels, limits = self._prepared(found, path)
            if isinstance(found, Image.Image):
                found = replace(as_planes(found), profile=found.info.get("icc_profile"))
            alpha = None if self.keeps_alpha else found.alpha
            profile = found.profile if self.channels >= COLOR else None
            background = BACKGROUNDS.get(self.alpha)
            about = (found.values.dtype, limits, found.layout, profile, self.keeps_alpha, background)
            return DecodedImage(pixels, alpha, *about)

    def with_range(self, value_range: Range) -> "Reader":
        """Return a reader that differs in its range only."""
        return Reader(self.channels, value_range=value_range, alpha=self.alpha, clip=self.clip)

    def key(self) -> str:
        """Return a string of everything that the pixels of a file depend on, as the key of a cache."""
        return f"channels {self.channels}, range {self.value_range}, alpha {self.alpha}, clip {self.clip}"

    def _prepared(self, found: Image.Image | Planes, path: str | Path) -> tuple[Pixels, Range]:
        """Return pixels, and the stored values that correspond to 0 and 1."""
        if isinstance(found, Planes) and not self.keeps_alpha:
            found = as_image(found, self.channels, self.alpha) or found
        if isinstance(found, Image.Image) and self.channels in (GRAY, COLOR):
            found = found.convert("L" if self.channels == GRAY else "RGB")
            if self.value_range in (None, EIGHT_BITS):
                return found, EIGHT_BITS
        planes = found if isinstance(found, Planes) else as_planes(found)
        planes = with_channels(planes, self.channels, self.alpha, path)
        limits = self.value_range or own_range(planes.values.dtype)
        pixels = scaled(planes.values, limits, path, clip=self.clip)
        return composed(pixels, planes.alpha, self.alpha), limits


def _range(value: tuple[float, float] | list[float]) -> Range:
    try:
        low, high = map(float, value)
        valid = low < high and np.isfinite([low, high]).all()
    except (TypeError, ValueError):
        valid = False
    if not valid:
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
