"""Turns any failure to read a file into one error that names the file and the next step."""

import errno
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from i2ikit.errors import DataError

MOST_PIXELS = 178_956_970  # Pillow's own limit, width x height
MOST_VALUES = 2**30  # with all channels; 4 GiB as floats
WAY_OUT = "Repair it or move it out of the folder."


@contextmanager
def file_errors(path: str | Path) -> Iterator[None]:
    """Turn whatever the block raises into a DataError that names the file.

    Warnings of the libraries (odd EXIF data, old palettes) are not shown: the image can still be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
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
        raise DataError(f"{path} is not an image in a known format, whatever its extension. {WAY_OUT}") from None
    except MemoryError:
        raise DataError(f"the image {path} does not fit into memory. Split it into smaller ones.") from None
    except Exception as error:  # libraries raise nearly anything on a damaged file
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            raise DataError(f"the file name of the image {path} is too long for this disk") from None
        reason = str(error).strip().rstrip(".") or type(error).__name__
        raise DataError(f"the image {path} cannot be read: {reason}. {WAY_OUT}") from error


def refuse_special_files(path: str | Path) -> None:
    """Raise DataError for a folder, an empty file, and for what could block the reader: a pipe, a device, a socket."""
    found = os.stat(path)
    if stat.S_ISDIR(found.st_mode):
        raise DataError(f"{path} is a folder, not an image")
    if not stat.S_ISREG(found.st_mode):
        raise DataError(f"{path} is not a regular file but a pipe, a device or a socket. Move it out of the folder.")
    if found.st_size == 0:
        raise DataError(f"the image {path} is empty, 0 bytes. {WAY_OUT}")


def refuse_bombs(path: str | Path, width: int, height: int, channels: int = 1) -> None:
    """Raise DataError if a header declares an image larger than the limits, before anything is decoded."""
    if width * height > MOST_PIXELS or width * height * channels > MOST_VALUES:
        size = f"{width} x {height} pixels" + (f" in {channels} channels" if channels > 1 else "")
        raise DataError(
            f"the image {path} is refused: its header declares {size}, more than {MOST_PIXELS:,} pixels or "
            f"{MOST_VALUES:,} values. If that is right, split it into smaller ones."
        )
