"""From a file to what it holds: an image of Pillow where that has 8 bits a channel, else numbers."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from i2ikit.images import arrays
from i2ikit.images.guarding import naming, refuse_bombs, refuse_odd_files
from i2ikit.images.planes import Planes
from i2ikit.images.png import decode_deep_png, is_deep_color
from i2ikit.images.tiff import decode_tiff, is_tiff

HEAD = 32  # bytes that tell formats apart
WITHOUT_PAGES = (1, 3)  # channels that a single page of Pillow's can have
Size = tuple[int, int]


def decode(path: str | Path, channels: int = 3, *, draft: Size | None = None) -> Image.Image | Planes:
    """Read a file, turned upright as its EXIF orientation says; of several frames, the first.

    Args:
        path: of a file in any format that Pillow reads, a TIFF, ``.npy`` or ``.npz``.
        channels: that the caller wants; they tell how arrays lie, and whether the pages of a TIFF are channels.
        draft: width and height that suffice: a JPEG is then decoded at 1/2, 1/4 or 1/8 of its size, not below these.

    Returns:
        a loaded image of Pillow with 8 bits a channel or fewer, its palette and transparency as they are; or planes.

    Raises:
        DataError: the file is missing, damaged, no image, or larger than is sensible; it names the file.
    """
    with naming(path):
        refuse_odd_files(path)
        if str(path).lower().endswith(arrays.EXTENSIONS):
            return arrays.decode_array(path, channels)
        with open(path, "rb") as file:
            head = file.read(HEAD)
        if is_deep_color(head):
            return decode_deep_png(path)
        if is_tiff(head):
            return _tiff(path, channels)
        return _pillow(path, draft)


def _tiff(path: str | Path, channels: int) -> Image.Image | Planes:
    """Let Pillow read what it reads whole."""
    try:
        with Image.open(path) as image:
            refuse_bombs(path, *image.size)
            deep_color = len(image.getbands()) > 1 and ";16" in _raw_mode(image)
            paged = len(image.getbands()) == 1 and channels > 1 and getattr(image, "n_frames", 1) == channels
            whole = not deep_color and not paged and channels in WITHOUT_PAGES
    except UnidentifiedImageError:
        whole = False
    return _pillow(path) if whole else decode_tiff(path, channels)


def _pillow(path: str | Path, draft: Size | None = None) -> Image.Image | Planes:
    with Image.open(path) as image:
        refuse_bombs(path, *image.size)
        if draft is not None:
            image.draft(None, draft)
        deep = _type_of(image)
        ImageOps.exif_transpose(image, in_place=True)
        image.load()
        return image if deep is None else _numbers(image, deep)


def _type_of(image: Image.Image) -> np.dtype[Any] | None:
    """Return the type of an image's numbers; None for 8 bits and fewer."""
    if image.mode == "F":
        return np.dtype(np.float32)
    if image.mode.startswith("I;16"):
        return np.dtype(np.uint16)
    if image.mode != "I":
        return None
    if image.format != "TIFF":
        return np.dtype(np.uint16)
    raw = _raw_mode(image)
    return np.dtype(np.int16 if "I;16S" in raw or "I;16BS" in raw else np.int32)


def _raw_mode(image: Image.Image) -> str:
    """Return how an opened file stores its numbers, in Pillow's words."""
    return " ".join(str(tile[3]) for tile in getattr(image, "tile", ()))


def _numbers(image: Image.Image, dtype: np.dtype[Any]) -> Planes:
    values = np.asarray(image)
    hidden = image.info.get("transparency")
    alpha = None
    if isinstance(hidden, int):
        alpha = np.where(values == hidden, 0, np.iinfo(np.uint16).max).astype(np.uint16)
    return Planes(values.astype(dtype)[:, :, None], alpha, color=True, layout="flat")
