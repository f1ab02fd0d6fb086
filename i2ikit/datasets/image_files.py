"""Finding and reading picture files, whatever their format, depth and colour model."""

import os
import re
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from i2ikit.errors import DataError

COMMON_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")
SIXTEEN_BIT = 65535
MODES_WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")


@cache
def readable_endings() -> frozenset[str]:
    """Return the endings, such as ``".png"``, of every format that Pillow can open here."""
    return frozenset(ending for ending, kind in Image.registered_extensions().items() if kind in Image.OPEN)


def endings_in_words() -> str:
    """Return the endings that count, the common ones by name, for messages."""
    common = [ending for ending in COMMON_ENDINGS if ending in readable_endings()]
    return f"{' '.join(common)} and {len(readable_endings()) - len(common)} more that Pillow reads"


def natural_key(path: Path) -> list[tuple[list[tuple[int, str]], str]]:
    """Return a sort key that puts ``2.png`` before ``10.png``, folder by folder, whatever the case."""

    def pieces(name: str) -> list[tuple[int, str]]:
        parts = re.split(r"([0-9]+)", name.lower())  # text and digits take turns
        return [(int(part), "") if place % 2 else (0, part) for place, part in enumerate(parts)]

    return [(pieces(part), part) for part in path.parts]


def image_paths(folder: Path) -> list[Path]:
    """Return all picture files in ``folder`` and the folders below it in natural order, by their endings.

    Hidden files and folders (a leading dot) are left out; links are followed, each folder once.
    """
    found: list[Path] = []
    seen: set[str] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            Path(place, name)
            for name in files
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in readable_endings()
        ]
    return sorted(found, key=natural_key)


def read_rgb(path: str | Path) -> Image.Image:
    """Read one picture as 8-bit RGB, turned upright as its EXIF orientation says.

    Palettes and CMYK become RGB; transparent pixels are laid on white; 16-bit and 32-bit whole-number grayscale is
    read as 0..65535 and floating-point grayscale as 0..1, both rounded to 8 bits. Of several frames, the first.

    Raises:
        DataError: the file is missing, damaged, no picture, or its values are outside these ranges; it names the file.
    """
    try:
        with Image.open(path) as image:
            ImageOps.exif_transpose(image, in_place=True)
            return _to_rgb(image, path)
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"the picture {path} does not exist") from None
    except UnidentifiedImageError:
        raise DataError(f"{path} is not a picture that Pillow can read, whatever its ending says. {_WAY_OUT}") from None
    except Exception as error:  # Pillow's readers raise nearly anything on a damaged file
        raise DataError(f"the picture {path} cannot be read: {error}. {_WAY_OUT}") from error


_WAY_OUT = "Repair it or move it out of the folder."


def _to_rgb(image: Image.Image, path: str | Path) -> Image.Image:
    if image.mode in MODES_WITH_ALPHA or "transparency" in image.info:
        upright = image.convert("RGBA")
        white = Image.new("RGBA", upright.size, "white")
        return Image.alpha_composite(white, upright).convert("RGB")
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _scaled(np.asarray(image).astype(np.float64), SIXTEEN_BIT, path)
    if image.mode == "F":
        return _scaled(np.asarray(image).astype(np.float64), 1, path)
    return image.convert("RGB")  # reads the pixels even if it is RGB already


def _scaled(grey: np.ndarray, full: int, path: str | Path) -> Image.Image:
    """Return grey levels of 0..full as RGB of 0..255."""
    if not (grey.min() >= 0 and grey.max() <= full):  # NaN fails too
        raise DataError(
            f"the picture {path} holds grey levels from {grey.min():g} to {grey.max():g}; only 0 to {full} can be "
            "shown. Scale it before training."
        )
    return Image.fromarray(np.rint(grey * (255 / full)).astype(np.uint8)).convert("RGB")
