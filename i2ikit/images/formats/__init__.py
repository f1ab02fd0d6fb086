"""File formats of images: each module has one, the subclass of ``ImageFormat`` whose instance is ``FORMAT``."""

import importlib
import pkgutil
from functools import cache

import numpy as np

from i2ikit.images.formats.base import ImageFormat

COMMON = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".npy", ".npz")


@cache
def image_formats() -> tuple[ImageFormat, ...]:
    """Return all formats, the fallback last."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.name != "base"]
    formats = [importlib.import_module(f"{__name__}.{name}").FORMAT for name in names]
    return tuple(sorted(formats, key=lambda known: known.is_fallback))


@cache
def readable_extensions() -> frozenset[str]:
    """Return the extensions, such as ``".png"``, of every format that can be read here."""
    return frozenset().union(*(known.readable() for known in image_formats()))


@cache
def writable_extensions(channels: int = 3) -> frozenset[str]:
    """Return the extensions to which 8-bit images with a number of channels can be written here."""
    return frozenset().union(*(known.writable(channels, np.dtype(np.uint8)) for known in image_formats()))


def format_extensions() -> str:
    """Return the readable extensions for messages: the common ones, and the number of others."""
    return f"{' '.join(COMMON)} and {len(readable_extensions() - {*COMMON})} more that Pillow reads"
