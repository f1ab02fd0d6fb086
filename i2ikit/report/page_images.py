"""Images of an HTML report: embedded as JPEG, or linked as files beside it."""

import base64
import io
import os
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from i2ikit.errors import DataError
from i2ikit.images.guarding import open_image


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

    def add(self, path: Path, pixels: float) -> int | None:
        """Embed or link an image file and return its number; None if it cannot be read.

        Args:
            path: the file.
            pixels: an embedded image is shrunk to at most about this many.
        """
        if self.linked and path.is_file():
            self.found.append("./" + quote(Path(os.path.relpath(path, self.folder)).as_posix()))
            return len(self.found) - 1
        image = read_image(path)
        if image is None:
            return None
        scale = (pixels / (image.width * image.height)) ** 0.5
        if scale < 1:
            size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
            image = image.resize(size, Image.Resampling.LANCZOS)
        self.found.append(encode(image))
        return len(self.found) - 1


def read_image(path: Path) -> Image.Image | None:
    """Return an image in RGB, or None if it is missing or damaged."""
    try:
        with open_image(path) as file:
            return file.convert("RGB")
    except (DataError, OSError, SyntaxError):  # Pillow raises SyntaxError for a broken PNG
        return None


def encode(image: Image.Image, quality: int = 88) -> str:
    """Return base64 of a JPEG with full color resolution."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=0)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
