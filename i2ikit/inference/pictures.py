"""Pictures as translation needs them: colours, and what has to be put back."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from i2ikit.datasets.image_files import MODES_WITH_ALPHA, read_rgb
from i2ikit.errors import RunError

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
HOLDS_ALPHA = ("PNG", "WEBP", "TIFF", "GIF", "TGA", "JPEG2000", "AVIF")
IN_RGB = ("RGB", "RGBA", "RGBa", "P", "PA")  # modes whose colour profile describes RGB


@dataclass(frozen=True)
class Picture:
    """A picture, upright.

    Attributes:
        image: 8-bit RGB. Where it is fully transparent it is white, whatever colour the file hides there.
        alpha: 8-bit, the same size; None for a picture without transparency.
        profile: ICC colour profile, which describes the numbers in ``image``; None for none.
    """

    image: Image.Image
    alpha: Image.Image | None
    profile: bytes | None


def read_picture(path: Path) -> Picture:
    """Read a picture with its transparency and colour profile; of several frames, the first.

    Raises:
        DataError: the file is missing, damaged, or no picture.
    """
    image = read_rgb(path)  # on white, and the one place that says what is wrong with a file
    with Image.open(path) as file:
        profile = file.info.get("icc_profile") if file.mode in IN_RGB else None
        if file.mode not in MODES_WITH_ALPHA and "transparency" not in file.info:
            return Picture(image, None, profile)
        upright = ImageOps.exif_transpose(file).convert("RGBA")
    alpha = upright.getchannel("A")
    seen = alpha.point(lambda value: 255 if value else 0)  # half-transparent edges keep their own colour
    return Picture(Image.composite(upright.convert("RGB"), image, seen), alpha, profile)


def write_picture(picture: Picture, path: Path) -> None:
    """Write a picture in the format of the path's ending, first under a temporary name.

    Raises:
        RunError: the file can't be written.
    """
    kind, options = writing(path)
    image = picture.image
    if picture.alpha is not None and kind in HOLDS_ALPHA:
        image = image.copy()
        image.putalpha(picture.alpha)
    profile = {"icc_profile": picture.profile} if picture.profile else {}
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(temporary, kind, **options, **profile)
        temporary.replace(path)
    except (OSError, ValueError) as error:
        raise RunError(f"cannot write {path}: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def writing(path: Path) -> tuple[str, dict[str, Any]]:
    """Return Pillow's name of the format that a path's ending means, and how to write it."""
    ending = path.suffix.lower()
    return WRITING[ALIASES.get(ending, ending)]


@cache
def writable_endings() -> frozenset[str]:
    """Return the endings, such as ``".png"``, that outputs can have with this Pillow."""
    Image.init()
    here = {ending for ending, (kind, _) in WRITING.items() if kind in Image.SAVE}
    return frozenset(here | {alias for alias, ending in ALIASES.items() if ending in here})
