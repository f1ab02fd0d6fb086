"""NumPy's files of arrays, ``.npy`` and ``.npz``."""

import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np

from i2ikit.errors import DataError
from i2ikit.images.formats.base import Header, ImageFormat, Size
from i2ikit.images.guarding import WAY_OUT, refuse_bombs
from i2ikit.images.planes import DecodedImage, Planes

EXTENSIONS = frozenset((".npy", ".npz"))
MOST_CHANNELS_FIRST = 64  # a longer first axis is the height
SHOWN = 8  # names of arrays in a message


class ArrayFormat(ImageFormat):
    """One array per file: (H, W), (H, W, C) or (C, H, W); pickled objects are refused."""

    def readable(self) -> frozenset[str]:
        """Return the two extensions."""
        return EXTENSIONS

    def writable(self, channels: int, dtype: np.dtype[Any]) -> frozenset[str]:
        """Return the two extensions, for any channels and type."""
        return EXTENSIONS

    def matches(self, head: bytes, extension: str) -> bool:
        """Return whether the extension is one of the two."""
        return extension in EXTENSIONS

    def read_header(self, path: str | Path) -> Header:
        """Return the shape and type of the array.

        Raises:
            DataError: there are several arrays, or the array does not have 2 or 3 axes.
        """
        with _opened(path) as file:
            shape, dtype = _declared(path, file)
        if len(shape) not in (2, 3):
            raise DataError(f"the array in {path} has the shape {shape}; an image is (H, W), (H, W, C) or (C, H, W)")
        axes = shape if len(shape) == 3 else (*shape, 1)
        first = axes[0] <= MOST_CHANNELS_FIRST < axes[2]
        channels, height, width = axes if first else (axes[2], axes[0], axes[1])
        refuse_bombs(path, width, height, channels, dtype.itemsize)
        return Header(Path(path).suffix[1:].upper(), str(dtype), width, height, channels, dtype.itemsize * 8)

    def decode(self, path: str | Path, channels: int, draft: Size | None) -> Planes:
        """Return the array.

        Raises:
            DataError: there are several arrays, or the array is empty or does not have as many channels.
        """
        with _opened(path) as file:
            shape, dtype = _declared(path, file)
            refuse_bombs(path, math.prod(shape) // channels, 1, channels, dtype.itemsize)
            file.seek(0)
            values = np.lib.format.read_array(file, allow_pickle=False)
        if values.size == 0:
            raise DataError(f"the array in {path} is empty, shape {values.shape}")
        if values.ndim == 2 and channels == 1:
            return Planes(values[:, :, None], layout="flat")
        if values.ndim == 3 and values.shape[2] == channels:
            return Planes(values)
        if values.ndim == 3 and values.shape[0] == channels:
            return Planes(np.moveaxis(values, 0, 2), layout="first")
        wanted = f"(H, W, {channels}) or ({channels}, H, W)" if channels > 1 else "(H, W), (H, W, 1) or (1, H, W)"
        raise DataError(
            f"the array in {path} has the shape {values.shape}, but data.channels={channels} needs {wanted}. "
            "Set data.channels to what the files have."
        )

    def encode(self, file: BinaryIO, image: DecodedImage, path: Path) -> None:
        """Write the values, opacity as the last channel, with the axes of ``image.layout``."""
        values, alpha = image.stored_values()
        if alpha is not None:
            values = np.concatenate([values, alpha[:, :, None].astype(values.dtype)], axis=2)
        if image.layout == "flat" and values.shape[2] == 1:
            values = values[:, :, 0]
        elif image.layout == "first":
            values = np.moveaxis(values, 2, 0)
        save = np.savez_compressed if path.suffix.lower() == ".npz" else np.save
        save(file, np.ascontiguousarray(values))


@contextmanager
def _opened(path: str | Path) -> Iterator[IO[bytes]]:
    """Open an ``.npy`` file, or the only one in an ``.npz``."""
    if not str(path).lower().endswith(".npz"):
        with open(path, "rb") as file:
            yield file
        return
    with zipfile.ZipFile(path) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        if len(names) != 1:
            listed = ", ".join(names[:SHOWN]) + ", ..." * (len(names) > SHOWN)
            raise DataError(f"{path} should hold one array, but holds {len(names)}: {listed or 'none'}")
        with archive.open(archive.namelist()[0]) as member:
            yield member


def _declared(path: str | Path, file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and type of an array from its header, before anything is unpacked."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if dtype.hasobject:
        raise DataError(f"the image {path} cannot be read: it holds Python objects, not numbers. {WAY_OUT}")
    return shape, dtype
