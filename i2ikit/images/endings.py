"""Which files are pictures, by the endings of their names, and which of them can be written."""

from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from i2ikit.images.arrays import ENDINGS as ARRAYS

COMMON = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", *ARRAYS)
WRITING: dict[str, tuple[str, dict[str, Any]]] = {
    ".png": ("PNG", {}),
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".webp": ("WEBP", {"lossless": True, "exact": True}),
    ".tif": ("TIFF", {"compression": "tiff_lzw"}),
    ".bmp": ("BMP", {}),
    ".gif": ("GIF", {}),
    ".ppm": ("PPM", {}),
    ".tga": ("TGA", {}),
    ".jp2": ("JPEG2000", {}),
    ".avif": ("AVIF", {"quality": 95}),
}
ALIASES = {".jpeg": ".jpg", ".jpe": ".jpg", ".jfif": ".jpg", ".tiff": ".tif", ".pnm": ".ppm", ".apng": ".png"}

ALL_HOLD = (1, 3)  # channels that every format can have


@cache
def readable_endings() -> frozenset[str]:
    """Return the endings, such as ``".png"``, of every format that can be read here."""
    pillow = {ending for ending, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    return frozenset((*pillow, ".tif", ".tiff", *ARRAYS))


@cache
def writable_endings(channels: int = 3) -> frozenset[str]:
    """Return the endings that outputs of so many channels, without transparency, can have here."""
    Image.init()
    here = {ending for ending, (kind, _) in WRITING.items() if kind in Image.SAVE}
    if channels not in ALL_HOLD:
        here = {".tif"}
    return frozenset(here | {alias for alias, ending in ALIASES.items() if ending in here} | {*ARRAYS})


def endings_in_words() -> str:
    """Return the endings that count, the common ones by name, for messages."""
    common = [ending for ending in COMMON if ending in readable_endings()]
    return f"{' '.join(common)} and {len(readable_endings()) - len(common)} more that Pillow reads"


def plain_ending(path: Path) -> str:
    """Return the ending of a path in lower case, the first of those that mean the same format."""
    ending = path.suffix.lower()
    return ALIASES.get(ending, ending)
