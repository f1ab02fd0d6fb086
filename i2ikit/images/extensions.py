"""Which files are images, by the extensions of their names, and which of them can be written."""

from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from i2ikit.images.arrays import EXTENSIONS as ARRAYS

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
def readable_extensions() -> frozenset[str]:
    """Return the extensions, such as ``".png"``, of every format that can be read here."""
    pillow = {extension for extension, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    return frozenset((*pillow, ".tif", ".tiff", *ARRAYS))


@cache
def writable_extensions(channels: int = 3) -> frozenset[str]:
    """Return the extensions that outputs of so many channels, without transparency, can have here."""
    Image.init()
    here = {extension for extension, (kind, _) in WRITING.items() if kind in Image.SAVE}
    if channels not in ALL_HOLD:
        here = {".tif"}
    return frozenset(here | {alias for alias, extension in ALIASES.items() if extension in here} | {*ARRAYS})


def format_extensions() -> str:
    """Return the extensions that count, the common ones by name, for messages."""
    common = [extension for extension in COMMON if extension in readable_extensions()]
    return f"{' '.join(common)} and {len(readable_extensions()) - len(common)} more that Pillow reads"


def plain_extension(path: Path) -> str:
    """Return the extension of a path in lower case, the first of those that mean the same format."""
    extension = path.suffix.lower()
    return ALIASES.get(extension, extension)
