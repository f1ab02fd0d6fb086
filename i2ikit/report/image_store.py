"""Images on their way into a page: embedded as JPEG, or named as files beside it."""

import base64
import io
import os
from pathlib import Path
from urllib.parse import quote

from PIL import Image


class Images:
    """The images of a page, each kept once and called by its number.

    Args:
        page: where the page will be.
        linked: name image files by their path from the page instead of embedding them.

    Attributes:
        found: base64 of a JPEG, or a relative address, which begins with a dot.
    """

    def __init__(self, page: Path, *, linked: bool = False) -> None:
        self.folder, self.linked = page.absolute().parent, linked
        self.found: list[str] = []

    def add(self, image: Image.Image, pixels: float) -> int:
        """Embed an image, shrunk to at most about so many pixels, and return its number."""
        scale = (pixels / (image.width * image.height)) ** 0.5
        if scale < 1:
            size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
            image = image.resize(size, Image.Resampling.LANCZOS)
        self.found.append(encode(image))
        return len(self.found) - 1

    def add_file(self, path: Path, pixels: float) -> int | None:
        """Embed or name an image file and return its number; None where it can't be read."""
        if self.linked and path.is_file():
            self.found.append("./" + quote(Path(os.path.relpath(path, self.folder)).as_posix()))
            return len(self.found) - 1
        image = read_image(path)
        return None if image is None else self.add(image, pixels)


def read_image(path: Path) -> Image.Image | None:
    """Return an image in RGB, or None where it is missing or damaged."""
    try:
        with Image.open(path) as file:
            return file.convert("RGB")
    except (OSError, SyntaxError):  # Pillow's word for a broken PNG
        return None


def encode(image: Image.Image, quality: int = 88) -> str:
    """Return base64 of a JPEG with full color resolution."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=0)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
