"""File formats of images: one module and one subclass of ``ImageFormat`` for each."""

import pkgutil
from abc import ABCMeta
from functools import cache
from importlib import import_module
from inspect import isabstract

import numpy as np

from i2ikit.images.formats.base import ImageFormat

COMMON = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".npy", ".npz")


def _find() -> tuple[ImageFormat, ...]:
    """Return the formats of this package's modules, each before the one that it extends."""
    modules = [import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    classes = {cls for module in modules for cls in vars(module).values() if isinstance(cls, ABCMeta)}
    formats = [cls() for cls in classes if issubclass(cls, ImageFormat) and not isabstract(cls)]
    return tuple(sorted(formats, key=lambda known: (-len(type(known).__mro__), type(known).__name__)))


FORMATS = _find()  # the first match wins


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
