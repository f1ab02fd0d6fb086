"""Translates image files in tiles, from disk to disk."""

from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor

from i2ikit.images import DecodedImage, Reader
from i2ikit.images.part_writing import write_in_parts
from i2ikit.images.parts import ImageInParts
from i2ikit.inference.network import TranslationNetwork
from i2ikit.inference.outputs import output_image
from i2ikit.ops.pixels import image_to_tensor


def translate_in_tiles(
    network: TranslationNetwork,
    image: ImageInParts,
    readers: tuple[Reader, Reader],
    target: Path,
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Translate an image at its own size within the memory of a network; the output is read and written in parts.

    Args:
        network: translates.
        image: the input.
        readers: of the source and the target domain.
        target: is replaced atomically, once the output is complete.
        on_progress: called with the number of finished parts of the work, and of all.

    Raises:
        TooLargeError: not even a tile fits, or the generator cannot be used in tiles.
        DataError: the image is damaged.
        RunError: the output cannot be written.
    """

    def parts() -> Iterator[DecodedImage]:
        top = 0
        for band in network.tiles(on_progress).bands(_Source(image)):
            shown = image.part(top, 0, band.shape[1], image.width)
            yield output_image(band.clamp(-1, 1), shown, *readers)
            top += band.shape[1]

    with torch.no_grad():
        write_in_parts(parts(), target, (image.width, image.height))


class _Source:
    """The pixels of an image that is read in parts, as a network gets them."""

    def __init__(self, image: ImageInParts) -> None:
        self._image, self.width, self.height = image, image.width, image.height

    def window(self, top: int, left: int, height: int, width: int) -> Tensor:
        """Return a part, (C, height, width) in -1..1."""
        return image_to_tensor(self._image.part(top, left, height, width).pixels)
