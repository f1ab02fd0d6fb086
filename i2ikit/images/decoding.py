"""From a file of any format to its header or its content."""

import os
from pathlib import Path

from PIL import Image

from i2ikit.images.formats import image_formats
from i2ikit.images.formats.base import Header, ImageFormat, Size
from i2ikit.images.guarding import file_errors, refuse_special_files
from i2ikit.images.planes import Planes

HEAD = 32  # bytes that distinguish formats


def decode(path: str | Path, channels: int = 3, *, draft: Size | None = None) -> Image.Image | Planes:
    """Read a file, turned upright by its EXIF orientation; of several frames, the first.

    Args:
        path: of a file in any format of :mod:`i2ikit.images.formats`.
        channels: that the caller wants; they show which axis of an array holds channels, and whether pages do.
        draft: width and height that suffice: a JPEG is then decoded at 1/2, 1/4 or 1/8 of its size, not below these.

    Returns:
        a loaded image of Pillow with at most 8 bits per channel, its palette and transparency as they are; or planes.

    Raises:
        DataError: the file is missing, damaged, not an image, or too large; the message names it.
    """
    with file_errors(path):
        return find_format(path).decode(path, channels, draft)


def read_header(path: str | Path) -> Header:
    """Return what a file declares about its image, without decoding it.

    Raises:
        DataError: the file is missing, not an image, or too large; the message names it. Damaged pixels go unnoticed.
    """
    with file_errors(path):
        return find_format(path).read_header(path)


def find_format(path: str | Path) -> ImageFormat:
    """Return the format of a file, by its first bytes and its extension.

    Raises:
        DataError: it is not a regular file, or empty.
        OSError: it cannot be opened.
    """
    refuse_special_files(path)
    with open(path, "rb") as file:
        head = file.read(HEAD)
    extension = os.path.splitext(path)[1].lower()
    return next(known for known in image_formats() if known.matches(head, extension))
