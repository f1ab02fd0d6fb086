"""What an image file says of itself, without unpacking its pixels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from i2ikit.errors import DataError
from i2ikit.images.arrays import EXTENSIONS
from i2ikit.images.guarding import naming, refuse_bombs, refuse_odd_files
from i2ikit.images.tiff import INSTALL, is_tiff

SIDEWAYS = (5, 6, 7, 8)  # EXIF orientations that swap width and height
ORIENTATION = 274
MOST_CHANNELS_LAST = 64  # a smaller last axis of an array holds its channels
BITS = {"1": 1, "F": 32, "I": 32}
CHANNELS_OF_PALETTES = 3


@dataclass(frozen=True)
class Header:
    """What a file holds.

    Attributes:
        format: such as ``"JPEG"``, ``"PNG"``, ``"NPY"``.
        mode: Pillow's name of the color model, or the type of an array's numbers.
        width, height: pixels, upright.
        channels: C, with opacity; a palette counts as 3.
        bits: of a channel.
        frames: 1, or the frames of an animation and the pages of a TIFF.
    """

    format: str
    mode: str
    width: int
    height: int
    channels: int
    bits: int
    frames: int = 1


def read_header(path: str | Path) -> Header:
    """Return what an image file says of itself.

    Raises:
        DataError: the file is missing, no image, or larger than is sensible; it names the file. Damage to the pixels
            goes unnoticed.
    """
    with naming(path):
        refuse_odd_files(path)
        if str(path).lower().endswith(EXTENSIONS):
            return _of_array(path)
        try:
            with Image.open(path) as image:
                refuse_bombs(path, *image.size)
                return _of_image(image)
        except UnidentifiedImageError:
            with open(path, "rb") as file:
                if not is_tiff(file.read(4)):
                    raise
            return _of_tiff(path)


def _of_image(image: Image.Image) -> Header:
    width, height = image.size
    if image.getexif().get(ORIENTATION) in SIDEWAYS:
        width, height = height, width
    raw = " ".join(str(tile[3]) for tile in getattr(image, "tile", ()))
    bits = 16 if "16" in image.mode or ";16" in raw else BITS.get(image.mode, 8)
    channels = CHANNELS_OF_PALETTES if image.mode in ("P", "PA") else len(image.getbands())
    return Header(
        str(image.format), image.mode, width, height, channels, bits, frames=int(getattr(image, "n_frames", 1))
    )


def _of_array(path: str | Path) -> Header:
    if str(path).lower().endswith(".npz"):
        with np.load(path, allow_pickle=False) as archive:
            if len(archive.files) != 1:
                raise DataError(f"{path} should hold one array, but holds {len(archive.files)}")
            array: Any = archive[archive.files[0]]
    else:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.ndim not in (2, 3):
        raise DataError(f"the array in {path} has the shape {array.shape}; an image is (H, W), (H, W, C) or (C, H, W)")
    shape = array.shape if array.ndim == 3 else (*array.shape, 1)
    first = shape[0] <= MOST_CHANNELS_LAST < shape[2]
    channels, height, width = shape if first else (shape[2], shape[0], shape[1])
    kind = Path(path).suffix[1:].upper()
    return Header(kind, str(array.dtype), int(width), int(height), int(channels), array.dtype.itemsize * 8)


def _of_tiff(path: str | Path) -> Header:
    try:
        import tifffile
    except ImportError as error:
        raise DataError(f"reading {path}, a TIFF that Pillow cannot read, needs tifffile: {INSTALL}") from error
    with tifffile.TiffFile(path) as file:
        page: Any = file.pages[0]
        sideways = ORIENTATION in page.tags and page.tags[ORIENTATION].value in SIDEWAYS
        width, height = (page.imagelength, page.imagewidth) if sideways else (page.imagewidth, page.imagelength)
        bits = int(page.dtype.itemsize * 8) if page.dtype is not None else 0
        return Header("TIFF", str(page.dtype), width, height, int(page.samplesperpixel), bits, len(file.pages))
