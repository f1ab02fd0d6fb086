"""File formats of images: one module and one subclass of ``ImageFormat`` for each."""

from functools import cache

import numpy as np

from i2ikit.images.formats.arrays import ArrayFormat
from i2ikit.images.formats.base import ImageFormat
from i2ikit.images.formats.pillow import PillowFormat
from i2ikit.images.formats.png_deep import DeepPngFormat
from i2ikit.images.formats.tiff import TiffFormat

COMMON = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".npy", ".npz")
FORMATS: tuple[ImageFormat, ...] = (
    ArrayFormat(),
    DeepPngFormat(),
    TiffFormat(),
    PillowFormat(),
)  # the first match wins


@cache
def readable_extensions() -> frozenset[str]:
    """Return the extensions, such as ``".png"``, of every format that can be read here."""
    return frozenset().union(*(known.readable() for known in FORMATS))


@cache
def writable_extensions(channels: int = 3) -> frozenset[str]:
    """Return the extensions to which 8-bit images with a number of channels can be written here."""
    return frozenset().union(*(known.writable(channels, np.dtype(np.uint8)) for known in FORMATS))


def format_extensions() -> str:
    """Return the readable extensions for messages: the common ones, and the number of others."""
    return f"{' '.join(COMMON)} and {len(readable_extensions() - {*COMMON})} more that Pillow reads"
