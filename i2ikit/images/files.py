"""Reads and writes files of images, each in its format."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from i2ikit.errors import DataError, RunError
from i2ikit.files import UNUSABLE, write_atomically
from i2ikit.images.formats import FORMATS, readable_extensions
from i2ikit.images.formats.base import Header, ImageFormat, Size
from i2ikit.images.guarding import file_errors, refuse_special_files
from i2ikit.images.planes import DecodedImage, Planes

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
        return _format(path).decode(path, channels, draft)


def read_header(path: str | Path) -> Header:
    """Return what a file declares about its image, without decoding it.

    Raises:
        DataError: the file is missing, not an image, or too large; the message names it. Damaged pixels go unnoticed.
    """
    with file_errors(path):
        return _format(path).read_header(path)


def left_out_frames(path: str | Path, channels: int) -> int:
    """Return the number of frames or pages of a file that :func:`decode` does not read.

    Raises:
        DataError: as :func:`read_header`.
    """
    header = read_header(path)
    paged = header.format == "TIFF" and header.channels == 1 and header.frames == channels
    return 0 if paged else header.frames - 1


def write_image(image: DecodedImage, path: Path) -> None:
    """Write an image atomically, in the format of the path's extension.

    Values get the type and range of the image. A type that the format cannot hold is reduced, with a warning:
    to 16 bits in PNG, to 8 bits elsewhere but in TIFF and ``.npy``.

    Raises:
        DataError: no format writes so many channels to a file with this extension; or the folder is read-only.
        RunError: the file cannot be written.
    """
    extension, channels = path.suffix.lower(), image.channels
    writers = [known for known in FORMATS if extension in known.writable(channels, image.stored_dtype)]
    if not writers and extension not in readable_extensions():
        reason = f"{extension} is not the extension of an image" if extension else "its name has no extension"
        raise DataError(f"cannot write {path}: {reason}, such as .png")
    if not writers:
        raise DataError(
            f"cannot write {path}: {extension} does not hold {channels} channels. Use the extension .tif or .npy."
        )
    write_encoded(path, lambda file: writers[0].encode(file, image, path))


def write_encoded(path: Path, encode: Callable[[BinaryIO], None]) -> None:
    """Write what ``encode`` writes to an open file, atomically; its folder is made.

    Raises:
        DataError, RunError: see :func:`write_errors`.
    """
    file = io.BytesIO()
    with write_errors(path):
        encode(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, file.getvalue())


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong when a file is written into an error that names it.

    Raises:
        DataError: the path cannot be used: the folder is read-only, a link in a circle, and so on.
        RunError: the file cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in UNUSABLE:
            reason = UNUSABLE[error.errno]
            raise DataError(f"cannot write {path}: {reason}. Choose another output folder.") from error
        raise RunError(f"cannot write {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise RunError(f"cannot write {path}: {error}") from error


def _format(path: str | Path) -> ImageFormat:
    """Return the format of a file, by its first bytes and its extension."""
    refuse_special_files(path)
    with open(path, "rb") as file:
        head = file.read(HEAD)
    extension = os.path.splitext(path)[1].lower()
    return next(known for known in FORMATS if known.matches(head, extension))
