"""Images that are read and written in parts, so that memory does not grow with them."""

from contextlib import closing, suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np

from i2ikit.images.files import decode, read_header
from i2ikit.images.formats.base import ORIENTATION
from i2ikit.images.formats.pillow import PROFILED
from i2ikit.images.formats.tiff_parts import TiffParts
from i2ikit.images.guarding import MOST_PIXELS, file_errors, open_image
from i2ikit.images.planes import DecodedImage, Planes
from i2ikit.images.reader import Reader
from i2ikit.ops.pixels import crop, size_of

ROWS = 256  # at a time
BY_VIPS = {"PNG": "pngload", "JPEG": "jpegload"}
KINDS = {"uchar": np.uint8, "ushort": np.uint16}


class Parts(Protocol):
    """What a file holds, upright, in parts."""

    width: int
    height: int

    def part(self, top: int, left: int, height: int, width: int) -> Planes:
        """Return a rectangle."""
        ...

    def close(self) -> None:
        """Close files."""
        ...


class ImageInParts:
    """An image file that is read in parts: TIFF, and PNG and JPEG where pyvips is installed; others are in memory.

    Use it in a with statement.

    Args:
        path: of the file.
        reader: how its pixels are read.

    Raises:
        DataError: as :meth:`Reader.image`.
    """

    def __init__(self, path: Path, reader: Reader) -> None:
        self._path, self._reader = path, reader
        with file_errors(path):
            self._parts = _open(path)
        self._whole = reader.image(path) if self._parts is None else None
        self.width, self.height = (
            size_of(self._whole.pixels) if self._whole is not None else (self._parts.width, self._parts.height)  # type: ignore[union-attr]
        )

    def part(self, top: int, left: int, height: int, width: int) -> DecodedImage:
        """Return a rectangle as :meth:`Reader.image` returns a file.

        Raises:
            DataError: as there.
        """
        if self._whole is not None:
            alpha = None if self._whole.alpha is None else self._whole.alpha[top : top + height, left : left + width]
            return replace(self._whole, pixels=crop(self._whole.pixels, left, top, width, height), alpha=alpha)
        assert self._parts is not None, "a file is read in parts or as a whole"
        with file_errors(self._path):
            found = self._parts.part(top, left, height, width)
        return self._reader.prepared(found, self._path)

    def __enter__(self) -> "ImageInParts":
        return self

    def __exit__(self, *error: object) -> None:
        if self._parts is not None:
            self._parts.close()


class VipsParts:
    """A PNG or JPEG that pyvips writes to a temporary file, decoded, as it reads it.

    Raises:
        ValueError: it is not upright, or no 8 or 16 bits of gray or RGB.
    """

    def __init__(self, path: Path, loader: str) -> None:
        import pyvips

        with open_image(path) as header:
            upright = header.getexif().get(ORIENTATION, 1) == 1
            self._profile = header.info.get("icc_profile") if header.mode in PROFILED else None
        image: Any = getattr(pyvips.Image, loader)(str(path), access="sequential", fail_on="error")
        if not upright or image.format not in KINDS or image.interpretation not in ("srgb", "b-w", "rgb16", "grey16"):
            raise ValueError(f"{path} is not read in parts")
        self.width, self.height, self._alpha = image.width, image.height, bool(image.hasalpha())
        self._folder = TemporaryDirectory()
        self._raw = Path(self._folder.name, "values")
        try:
            image.rawsave(str(self._raw))
        except BaseException:
            self.close()
            raise
        self._about = {"dtype": KINDS[image.format], "shape": (image.height, image.width, image.bands)}

    def part(self, top: int, left: int, height: int, width: int) -> Planes:
        """Return a rectangle."""
        mapped: Any = np.memmap(self._raw, mode="r", **self._about)  # type: ignore[call-overload]
        values = np.array(mapped[top : top + height, left : left + width])
        alpha = values[:, :, -1] if self._alpha else None
        colors = values[:, :, :-1] if self._alpha else values
        layout = "flat" if colors.shape[2] == 1 else "last"
        return Planes(colors, alpha, color=True, layout=layout, profile=self._profile)

    def close(self) -> None:
        """Remove the file."""
        self._folder.cleanup()


def read_through(path: Path, channels: int) -> None:
    """Read a file to its end; in parts where it is larger than what is read as a whole.

    Args:
        path: of the file.
        channels: see :func:`i2ikit.images.files.decode`.

    Raises:
        DataError: it is damaged.
    """
    header = read_header(path)
    parts = _open(path) if header.width * header.height > MOST_PIXELS else None
    if parts is None:
        decode(path, channels)
        return
    with closing(parts), file_errors(path):
        for top in range(0, parts.height, ROWS):
            parts.part(top, 0, min(ROWS, parts.height - top), parts.width)


def _open(path: Path) -> Parts | None:
    """Return a file that is read in parts; None for another one."""
    kind = read_header(path).format
    with suppress(ValueError):
        if kind == "TIFF" and find_spec("tifffile") is not None:
            return TiffParts(path)
        if kind in BY_VIPS and find_spec("pyvips") is not None:
            return VipsParts(path, BY_VIPS[kind])
    return None
