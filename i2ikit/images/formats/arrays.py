"""NumPy's files of arrays, ``.npy`` and ``.npz``."""

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from i2ikit.errors import DataError
from i2ikit.images.formats.base import Header, ImageFormat, Size
from i2ikit.images.guarding import MOST_VALUES, refuse_bombs
from i2ikit.images.planes import DecodedImage, Planes

EXTENSIONS = frozenset((".npy", ".npz"))
MOST_CHANNELS_FIRST = 64  # a longer first axis is the height


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
        array = _load(path)
        if array.ndim not in (2, 3):
            raise DataError(
                f"the array in {path} has the shape {array.shape}; an image is (H, W), (H, W, C) or (C, H, W)"
            )
        shape = array.shape if array.ndim == 3 else (*array.shape, 1)
        first = shape[0] <= MOST_CHANNELS_FIRST < shape[2]
        channels, height, width = shape if first else (shape[2], shape[0], shape[1])
        return Header(Path(path).suffix[1:].upper(), str(array.dtype), width, height, channels, array.itemsize * 8)

    def decode(self, path: str | Path, channels: int, draft: Size | None) -> Planes:
        """Return the array.

        Raises:
            DataError: there are several arrays, or the array is empty or does not have as many channels.
        """
        array = _load(path)
        if array.ndim in (2, 3):
            refuse_bombs(path, array.size // channels, 1, channels)
        values = np.array(array) if isinstance(array, np.memmap) else array
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


def _load(path: str | Path) -> NDArray[Any]:
    """Return the array of a file; of an ``.npy`` only its header is read yet."""
    if not str(path).lower().endswith(".npz"):
        stored: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        return stored
    with np.load(path, allow_pickle=False) as archive:
        if len(archive.files) != 1:
            names = ", ".join(archive.files) or "none"
            raise DataError(f"{path} should hold one array, but holds {len(archive.files)}: {names}")
        unpacked = sum(entry.file_size for entry in archive.zip.infolist())
        if unpacked > 8 * MOST_VALUES:
            raise DataError(f"the image {path} is refused: it unpacks to {unpacked / 2**30:.0f} GiB")
        array: NDArray[Any] = archive[archive.files[0]]
        return array
