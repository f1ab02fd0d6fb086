"""Images of an HTML report: embedded as JPEG, or linked as files beside it."""

import base64
import io
import os
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from i2ikit.errors import DataError
from i2ikit.images.guarding import file_errors, open_image

MOST_PIXELS = 2**26  # of one file
MOST_IMAGES = 50_000  # of a page


class PageImages:
    """The images of an HTML report, each stored once and referred to by its number.

    Args:
        page: where the report will be.
        linked: link image files by their path from the page instead of embedding them.

    Attributes:
        found: base64 of a JPEG, or a relative address, which begins with a dot.
    """

    def __init__(self, page: Path, *, linked: bool = False) -> None:
        self.folder, self.linked = page.absolute().parent, linked
        self.found: list[str] = []
        self._numbers: dict[Path, int | None] = {}

    def add(self, path: Path, pixels: float) -> int | None:
        """Embed or link an image file and return its number; None if it cannot be read.

        Args:
            path: the file.
            pixels: an embedded image is shrunk to at most about this many.
        """
        if path not in self._numbers:
            content = self._link(path) if self.linked else self._embed(path, pixels)
            self._numbers[path] = None if content is None else len(self.found)
            self.found += [] if content is None else [content]
        return self._numbers[path]

    def _link(self, path: Path) -> str | None:
        if not path.is_file() or len(self.found) >= MOST_IMAGES:
            return None
        return "./" + quote(Path(os.path.relpath(path, self.folder)).as_posix())

    def _embed(self, path: Path, pixels: float) -> str | None:
        image = read_image(path) if len(self.found) < MOST_IMAGES else None
        if image is None:
            return None
        scale = (pixels / (image.width * image.height)) ** 0.5
        if scale < 1:
            size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
            image = image.resize(size, Image.Resampling.LANCZOS)
        return encode(image)


def read_image(path: Path) -> Image.Image | None:
    """Return an image in RGB, or None if it is missing, damaged, or has more than 67 million pixels."""
    try:
        with file_errors(path), open_image(path) as file:
            return file.convert("RGB") if file.width * file.height <= MOST_PIXELS else None
    except DataError:
        return None


def encode(image: Image.Image, quality: int = 88) -> str:
    """Return base64 of a JPEG with full color resolution."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=0)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
