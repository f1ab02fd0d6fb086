"""What the page does with an upload: it is checked, translated into a file, and shown."""

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from i2ikit.demo.limits import Limits
from i2ikit.demo.models import Models
from i2ikit.errors import DataError, I2IKitError
from i2ikit.inference.plan import plan_file
from i2ikit.inference.sequences.frames import levels
from i2ikit.ops.pixels import size_of

PREVIEW = 1600  # pixels of the longer side of what the page shows
KEPT = 3600  # seconds that a translation can be downloaded


@dataclass(frozen=True)
class Translation:
    """What the page shows of one upload.

    Attributes:
        before, after: 8-bit previews of the first frame.
        file: the translation, in the format, size and depth of the upload.
        facts: a line about it.
    """

    before: Image.Image
    after: Image.Image
    file: Path
    facts: str


class Desk:
    """Translates uploads.

    Args:
        models: what is offered.
        limits: of uploads.
        folder: of the results, which are removed after an hour.
    """

    def __init__(self, models: Models, limits: Limits, folder: Path) -> None:
        self.models, self.limits, self.folder = models, limits, folder

    def translate(self, upload: str, label: str) -> Translation:
        """Translate a file with the model of a label.

        Raises:
            DataError: the file is too large, no image, or cannot be translated; the message names it without its
                folder.
        """
        path = Path(upload)
        try:
            return self._translated(path, label)
        except I2IKitError as error:
            raise DataError(str(error).replace(str(path), path.name)) from error
        except Exception as error:
            raise DataError(f"{path.name} cannot be translated: {type(error).__name__}") from error

    def _translated(self, path: Path, label: str) -> Translation:
        self.limits.check(path)
        translator = self.models.translator(label)
        channels = translator.target.channels - translator.target.keeps_alpha
        file = plan_file(path, self._new_folder(), channels)
        start = time.perf_counter()
        translator.file(path, file)
        seconds = time.perf_counter() - start
        before, after = translator.source.image(path), translator.target.image(file)
        width, height = size_of(before.pixels)
        facts = f"{width} × {height} pixels, translated in {seconds:.2g} s"
        return Translation(preview(levels(before)), preview(levels(after)), file, facts)

    def _new_folder(self) -> Path:
        """Return a new folder; those older than an hour are removed."""
        for old in self.folder.iterdir():
            if time.time() - old.stat().st_mtime > KEPT:
                shutil.rmtree(old, ignore_errors=True)
        return Path(tempfile.mkdtemp(dir=self.folder))


def preview(pixels: NDArray[np.uint8]) -> Image.Image:
    """Return 8-bit levels as an RGB image of at most 1600 pixels a side."""
    image = Image.fromarray(pixels).convert("RGB")
    image.thumbnail((PREVIEW, PREVIEW))
    return image
