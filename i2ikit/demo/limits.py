"""How large an upload may be."""

from dataclasses import dataclass
from pathlib import Path

from i2ikit.errors import DataError
from i2ikit.images.files import read_header

MEGABYTE, MEGAPIXEL = 2**20, 10**6


@dataclass(frozen=True)
class Limits:
    """The largest upload.

    Attributes:
        megabytes: of the file.
        megapixels: of the image, width times height, of all frames.
    """

    megabytes: float = 50
    megapixels: float = 16

    def check(self, path: Path) -> None:
        """Refuse a file that is too large or no image, before it is decoded.

        Raises:
            DataError: it is.
        """
        size = path.stat().st_size / MEGABYTE
        if size > self.megabytes:
            raise DataError(f"{path} has {size:.0f} MB, more than the {self.megabytes:g} MB that this page takes")
        header = read_header(path)
        frames = f" in {header.frames} frames" if header.frames > 1 else ""
        if header.width * header.height * header.frames > self.megapixels * MEGAPIXEL:
            raise DataError(
                f"{path} has {header.width} x {header.height} pixels{frames}, more than the {self.megapixels:g} "
                "megapixels that this page takes"
            )
