"""``.npy`` and ``.npz`` files."""

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from i2ikit.errors import DataError
from i2ikit.images.guarding import MOST_VALUES, refuse_bombs
from i2ikit.images.planes import Planes

EXTENSIONS = (".npy", ".npz")


def decode_array(path: str | Path, channels: int) -> Planes:
    """Return the one array of a file; pickled objects are refused.

    Args:
        path: of the file.
        channels: C; an array is (H, W) if C is 1, (H, W, C), or (C, H, W).

    Raises:
        DataError: the file holds no array or several, or one of another shape.
    """
    return arranged(_archived(path) if str(path).lower().endswith(".npz") else _stored(path, channels), path, channels)


def arranged(values: NDArray[Any], path: str | Path, channels: int) -> Planes:
    """Return an array as planes, whichever of its axes the channels are."""
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


def encode_array(file: BinaryIO, values: NDArray[Any], layout: str, extension: str) -> None:
    """Write values (H, W, C) as an array whose axes lie as ``layout`` says; see :class:`Planes`."""
    if layout == "flat" and values.shape[2] == 1:
        values = values[:, :, 0]
    elif layout == "first":
        values = np.moveaxis(values, 2, 0)
    values = np.ascontiguousarray(values)
    if extension == ".npz":
        np.savez_compressed(file, values)
    else:
        np.save(file, values)


def _stored(path: str | Path, channels: int) -> NDArray[Any]:
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)  # reads no more than the header
    if array.ndim in (2, 3):
        refuse_bombs(path, array.size // channels, 1, channels)
    return np.array(array)


def _archived(path: str | Path) -> NDArray[Any]:
    with np.load(path, allow_pickle=False) as archive:
        if len(archive.files) != 1:
            names = ", ".join(archive.files) or "none"
            raise DataError(f"{path} should hold one array, but holds {len(archive.files)}: {names}")
        unpacked = sum(entry.file_size for entry in archive.zip.infolist())
        if unpacked > 8 * MOST_VALUES:
            raise DataError(f"the image {path} is refused: it says that it unpacks to {unpacked / 2**30:.0f} GiB")
        array: NDArray[Any] = archive[archive.files[0]]
        return array
