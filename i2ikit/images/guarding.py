"""Whatever goes wrong with a file becomes one error that names it and says what to do."""

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
def naming(path: str | Path) -> Iterator[None]:
    """Turn whatever the readers of formats raise in the block into a DataError that names the file.

    What they merely warn about (odd EXIF data, old palettes) does not stop an image from being read and is not shown.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(missing(path)) from None
    except PermissionError:
        raise DataError(f"the image {path} cannot be read: this user may not. `chmod u+r` the file.") from None
    except Image.DecompressionBombError as error:
        raise DataError(f"the image {path} is refused: {error} {WAY_OUT}") from None
    except UnidentifiedImageError:
        raise DataError(
            f"{path} is not an image that Pillow can read, whatever its extension says. {WAY_OUT}"
        ) from None
    except MemoryError:
        raise DataError(f"the image {path} does not fit into memory. Cut it into smaller ones.") from None
    except Exception as error:  # readers raise nearly anything on a damaged file
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            raise DataError(f"the name of an image is too long for this disk: {path}") from None
        raise DataError(f"the image {path} cannot be read: {_reason(error)}. {WAY_OUT}") from error


def refuse_odd_files(path: str | Path) -> None:
    """Raise DataError for what would hang a reader or tell it nothing: a pipe, a device, a folder, an empty file."""
    found = os.stat(path)
    if stat.S_ISDIR(found.st_mode):
        raise DataError(f"{path} is a folder, not an image")
    if not stat.S_ISREG(found.st_mode):
        raise DataError(f"{path} is no ordinary file but a pipe, a device or a socket. Move it out of the folder.")
    if found.st_size == 0:
        raise DataError(f"the image {path} is empty, 0 bytes. {WAY_OUT}")


def refuse_bombs(path: str | Path, width: int, height: int, channels: int = 1) -> None:
    """Raise DataError if a header announces more than an image can sensibly have, before anything is unpacked."""
    if width * height > MOST_PIXELS or width * height * channels > MOST_VALUES:
        size = f"{width} x {height} pixels" + (f" in {channels} channels" if channels > 1 else "")
        raise DataError(
            f"the image {path} is refused: it says that it has {size}, more than {MOST_PIXELS:,} pixels or "
            f"{MOST_VALUES:,} values. If that is true, cut it into smaller ones."
        )


def missing(path: str | Path) -> str:
    """Return the message about a file that is not there, or a link that leads nowhere."""
    if os.path.islink(path):
        return f"the image {path} is a link to {os.readlink(path)}, which does not exist"
    return f"the image {path} does not exist"


def _reason(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__
