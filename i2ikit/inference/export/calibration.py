"""Images that show which values occur inside a generator, and what 8 bits cost."""

from pathlib import Path

from torch import Tensor

from i2ikit.errors import DataError
from i2ikit.images import list_images
from i2ikit.inference.export.module import to_bytes
from i2ikit.inference.network import resized
from i2ikit.inference.translator import Translator
from i2ikit.ops.pixels import image_to_tensor, resize, size_of

MOST = 32  # images
LARGEST = 512  # pixels of the shorter side where the size of the training is unknown


def calibration_images(folder: Path, translator: Translator, *, uint8: bool) -> list[Tensor]:
    """Return images of a folder as an exported file takes them, each a batch.

    Args:
        folder: at most 32 of its images are taken, evenly spaced. Larger ones than those of the training are shrunk.
        translator: reads them.
        uint8: whether the file takes bytes (B, H, W, C).

    Raises:
        DataError: the folder has no images, or one of those that are taken cannot be read.
    """
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}: name one with images of the source domain, --calibrate DIR")
    files = list_images(folder)
    if not len(files):
        raise DataError(f"there are no images in {folder}")
    count, most = min(MOST, len(files)), translator.training_size or LARGEST
    images = []
    for number in range(count):
        pixels = translator.source(files[number * len(files) // count])
        width, height = size_of(pixels)
        if min(width, height) > most:
            rows, columns = resized(height, width, most)
            pixels = resize(pixels, (columns, rows))
        image = image_to_tensor(pixels)[None]
        images.append(to_bytes(image) if uint8 else image)
    return images
