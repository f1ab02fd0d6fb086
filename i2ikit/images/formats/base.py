"""What a file format of images has to do."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from i2ikit.images.planes import DecodedImage, Planes

ORIENTATION = 274  # tag of EXIF and TIFF
SIDEWAYS = (5, 6, 7, 8)  # orientations that swap width and height
Size = tuple[int, int]


@dataclass(frozen=True)
class Header:
    """What a file declares about its image.

    Attributes:
        format: such as ``"JPEG"``, ``"PNG"``, ``"NPY"``.
        mode: Pillow's name of the color model, or the type of an array's values.
        width, height: pixels, upright.
        channels: C, with opacity; a palette counts as 3.
        bits: per channel.
        frames: 1, or the number of frames of an animation or pages of a TIFF.
    """

    format: str
    mode: str
    width: int
    height: int
    channels: int
    bits: int
    frames: int = 1


class ImageFormat(ABC):
    """Reads and writes the files of one format.

    Methods may raise anything about a damaged file; the caller turns it into an error that names the file.
    """

    @abstractmethod
    def readable(self) -> frozenset[str]:
        """Return the extensions that it reads, in lower case, such as ``".png"``."""

    def writable(self, channels: int, dtype: np.dtype[Any]) -> frozenset[str]:
        """Return the extensions as which it writes images with a number of channels, stored as a type."""
        return frozenset()

    @abstractmethod
    def matches(self, head: bytes, extension: str) -> bool:
        """Return whether a file with these first 32 bytes and this extension, in lower case, has the format."""

    @abstractmethod
    def read_header(self, path: str | Path) -> Header:
        """Return what a file declares, without decoding its pixels."""

    @abstractmethod
    def decode(self, path: str | Path, channels: int, draft: Size | None) -> Image.Image | Planes:
        """Return the image of a file, as :func:`i2ikit.images.files.decode` does."""

    @abstractmethod
    def encode(self, file: BinaryIO, image: DecodedImage, path: Path) -> None:
        """Write an image.

        Args:
            file: the open file.
            image: with channels and type that :meth:`writable` accepts.
            path: where the file will be; its extension may choose a variant.
        """
