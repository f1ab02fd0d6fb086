"""Opens image files: only known formats, within limits, and any failure becomes one error that names the file."""

import errno
import os
import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from i2ikit.errors import DataError, one_line

PILLOW_FORMATS = (  # of all others that Pillow would recognize by content, some start programs or load libraries
    *("AVIF", "BMP", "DDS", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "PCX", "PNG", "PPM", "PSD", "QOI", "SGI", "SUN"),
    *("TGA", "TIFF", "WEBP"),
)
MOST_PIXELS = 178_956_970  # Pillow's own limit, width x height
MOST_VALUES = 2**30  # with all channels
MOST_BYTES = 2**32  # of all values as the file stores them, unpacked
IN_PARTS = 64  # times these limits for a file that is read in parts
WAY_OUT = "Repair or remove it."
DOCUMENTS = {  # first bytes of files that are no pixels: programs, documents and scientific containers
    b"%!PS": "PostScript (EPS)",
    b"\xc5\xd0\xd3\xc6": "PostScript (EPS)",
    b"%PDF": "PDF",
    b"\xd7\xcd\xc6\x9a": "a Windows metafile (WMF)",
    b"<svg": "SVG",
    b"<?xml": "XML, perhaps SVG",
    b"\x89HDF": "HDF5",
    b"SIMPLE": "FITS",
    b"GRIB": "GRIB",
    b"BUFR": "BUFR",
}


class _Quiet:
    """Hides warnings while any thread is inside; unlike ``warnings.catch_warnings`` it may be entered by several."""

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._caught: warnings.catch_warnings[None] = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._caught = warnings.catch_warnings()
                self._caught.__enter__()
                warnings.simplefilter("ignore")

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._caught.__exit__(None, None, None)


_QUIET = _Quiet()


@contextmanager
def file_errors(path: str | Path) -> Iterator[None]:
    """Turn whatever the block raises into a DataError that names the file, on one line.

    Warnings of the libraries (odd EXIF data, old palettes) are not shown: the image can still be read.
    """
    name = str(path)
    try:
        with _explained(path):
            yield
    except DataError as error:
        if one_line(name) == name:
            raise
        raise DataError(str(error).replace(name, one_line(name))) from error


@contextmanager
def _explained(path: str | Path) -> Iterator[None]:
    try:
        with _QUIET:
            yield
    except DataError:
        raise
    except FileNotFoundError:
        link = f" is a link to {os.readlink(path)}, which" if os.path.islink(path) else ""
        raise DataError(f"the image {path}{link} does not exist") from None
    except PermissionError:
        raise DataError(f"no permission to read the image {path}. Allow it: `chmod u+r {path}`.") from None
    except Image.DecompressionBombError as error:
        raise DataError(f"the image {path} is refused: {error} {WAY_OUT}") from None
    except UnidentifiedImageError:
        raise DataError(_unknown(path)) from None
    except MemoryError:
        raise DataError(f"the image {path} does not fit into memory. Split it into smaller ones.") from None
    except Exception as error:  # libraries raise nearly anything on a damaged file
        code = error.errno if isinstance(error, OSError) else None
        if code == errno.ENAMETOOLONG:
            raise DataError(f"the file name of the image {path} is too long for this disk") from None
        if code == errno.ELOOP:
            raise DataError(f"the image {path} is a link to itself, or one of a circle of links. Remove it.") from None
        reason = str(error).strip().rstrip(".") or type(error).__name__
        raise DataError(f"the image {path} cannot be read: {reason}. {WAY_OUT}") from error


@contextmanager
def open_image(path: str | Path, file: BinaryIO | None = None) -> Iterator[Image.Image]:
    """Open an image with Pillow, only as one of ``PILLOW_FORMATS``; every file that Pillow opens is opened here.

    Pillow gets an open file, not a path: it would map an uncompressed TIFF into memory and ignore its orientation.

    Args:
        path: of the file.
        file: its content, where it is open already.

    Raises:
        DataError: the header declares more than the limits.
        UnidentifiedImageError: the file has none of these formats.
    """
    with (
        nullcontext(file) if file is not None else open(path, "rb") as opened,
        Image.open(opened, formats=PILLOW_FORMATS) as image,  # noqa: TID251
    ):
        refuse_bombs(path, *image.size)
        yield image


def refuse_special_files(path: str | Path) -> None:
    """Raise DataError for a folder, an empty file, and for what could block the reader: a pipe, a device, a socket."""
    found = os.stat(path)
    if stat.S_ISDIR(found.st_mode):
        raise DataError(f"{path} is a folder, not an image")
    if not stat.S_ISREG(found.st_mode):
        raise DataError(f"{path} is not a regular file but a pipe, a device or a socket. Move it out of the folder.")
    if found.st_size == 0:
        raise DataError(f"the image {path} is empty, 0 bytes. {WAY_OUT}")


def refuse_bombs(
    path: str | Path, width: int, height: int, channels: int = 1, value_bytes: int = 1, *, factor: int = 1
) -> None:
    """Raise DataError if a header declares an image larger than ``factor`` times the limits, before it is decoded."""
    values, pixels = width * height * channels, factor * MOST_PIXELS
    if width * height > pixels or values > factor * MOST_VALUES or values * value_bytes > factor * MOST_BYTES:
        size = f"{width} x {height} pixels" + (f" in {channels} channels" if channels > 1 else "")
        limits = f"{pixels:,} pixels, {factor * MOST_VALUES:,} values or {factor * MOST_BYTES / 2**30:.0f} GiB"
        raise DataError(
            f"the image {path} is refused: its header declares {size}, more than {limits}. If that is right, split it "
            "into smaller ones."
        )


def _unknown(path: str | Path) -> str:
    """Return the message for a file in none of the known formats."""
    with open(path, "rb") as file:
        head = file.read(8)
    document = next((name for start, name in DOCUMENTS.items() if head.startswith(start)), "")
    if document:
        return f"{path} is {document}, which i2ikit does not open. Convert it to PNG."
    return f"{path} is not an image in a known format, whatever its extension. {WAY_OUT}"
