"""Files of images before and after a network: reading, translating one, and writing."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from i2ikit.checks import fraction
from i2ikit.images import DecodedImage, Reader, write_image
from i2ikit.images.files import read_header
from i2ikit.images.parts import ImageInParts
from i2ikit.inference.failures import TooLargeError, translation_errors
from i2ikit.inference.network import TranslationNetwork
from i2ikit.inference.outputs import output_image
from i2ikit.inference.sequences.frames import FrameTranslator
from i2ikit.inference.sequences.translate import SequenceResult, translate_sequence
from i2ikit.inference.tiling.files import translate_in_tiles
from i2ikit.inference.variants import Variant, Variants
from i2ikit.ops.pixels import image_to_tensor, size_of

FAR_LARGER = 2  # times the training size
MOST_WHOLE = 2**25  # pixels of an image that is translated as a whole where memory suffices

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Opened:
    """An image that is read.

    Attributes:
        image: as the file stores it.
        pixels: (C, H, W) in -1..1.
        variant: which of its translations it gets; its further images are read.
    """

    image: DecodedImage
    pixels: Tensor
    variant: Variant


class ImageFiles:
    """Translates files of images with a network; several threads may call it at the same time.

    Args:
        network: translates.
        source, target: how images of the source and the target domain are read and written.
        training_size: pixels of the shorter side of the images that the network was trained on; None: unknown. Files
            that are more than twice as large are translated with a warning.
        smooth: of videos and animations, see :class:`~i2ikit.inference.sequences.frames.FrameTranslator`.
    """

    def __init__(
        self,
        network: TranslationNetwork,
        source: Reader,
        target: Reader,
        *,
        training_size: int | None = None,
        smooth: float = 0,
    ) -> None:
        self.network, self.source, self.target, self.training_size = network, source, target, training_size
        self.smooth = fraction("smooth", smooth)
        self.variants = Variants(network, source, target)
        self._warned: set[str] = set()
        self._warning = threading.Lock()

    @property
    def device(self) -> torch.device:
        """The device of the network."""
        return self.network.device

    @property
    def channels(self) -> int:
        """Channels of the outputs, without transparency."""
        return self.target.channels - self.target.keeps_alpha

    def translate(
        self,
        source: Path,
        target: Path,
        on_progress: Callable[[int, int], None] | None = None,
        variant: Variant | None = None,
    ) -> SequenceResult | None:
        """Translate one file of any kind and size; see :meth:`i2ikit.inference.Translator.file`."""
        variant = self.variants.read(variant or Variant())
        network = self.variants.of_batch([variant], frames=True)
        frames = FrameTranslator(
            network, self.source, self.target, smooth=self.smooth, training_size=self.training_size
        )
        sequence = translate_sequence(frames, source, target, on_progress)
        if sequence is not None:
            return sequence
        if self._is_large(source) and self._translate_in_tiles(network, source, target, on_progress):
            return None
        opened = self.open(source, variant)
        with translation_errors(source, *size_of(opened.image.pixels), self.training_size):
            output = self.run([opened])[0]
        self.save(output, opened, target)
        return None

    def run(self, images: Sequence[Opened]) -> Tensor:
        """Return the outputs (B, C, H, W) of images of one size, in -1..1, on the device."""
        network = self.variants.of_batch([each.variant for each in images])
        return network(torch.stack([each.pixels for each in images]))

    def _is_large(self, source: Path) -> bool:
        """Return whether an image is translated from disk to disk: it does not fit into memory, or nearly so."""
        header = read_header(source)
        pixels = header.width * header.height
        return self.network.size is None and (pixels > MOST_WHOLE or not self.network.fits(pixels))

    def _translate_in_tiles(
        self,
        network: TranslationNetwork,
        source: Path,
        target: Path,
        on_progress: Callable[[int, int], None] | None,
    ) -> bool:
        """Translate an image from disk to disk; return False if it must be translated as a whole, and can be."""
        with ImageInParts(source, self.source) as image:
            self.advise_size(source, image.width, image.height)
            with translation_errors(source, image.width, image.height, self.training_size):
                try:
                    translate_in_tiles(network, image, (self.source, self.target), target, on_progress)
                except TooLargeError:
                    if not self.network.fits(image.width * image.height):
                        raise
                    return False
        return True

    def open(self, source: Path, variant: Variant | None = None) -> Opened:
        """Read an image, and the further images of its variant.

        Raises:
            DataError: it cannot be read.
        """
        image = self.source.image(source)
        self.advise_size(source, *size_of(image.pixels))
        return Opened(image, image_to_tensor(image.pixels), self.variants.read(variant or Variant()))

    def save(self, output: Tensor, opened: Opened, target: Path) -> None:
        """Write the output (C, H, W) of an image, in -1..1, with all properties of its input.

        Raises:
            DataError, RunError: the file cannot be written.
        """
        write_image(output_image(output, opened.image, self.source, self.target), target)

    def advise_size(self, name: str | Path, width: int, height: int) -> None:
        """Warn, once, of an image that is far larger than those of the training."""
        known = self.training_size
        if self.network.size is None and known is not None and min(width, height) > FAR_LARGER * known:
            text = (
                f"{name} has {width} x {height} pixels, but the generator was trained on images of about {known}. It "
                f"translates best what is as large as in training: consider --size {known} (in Python: size={known})."
            )
            self.warn_once("size", text)

    def warn_once(self, about: str, text: str) -> None:
        """Warn, unless the text is empty or there was a warning about the same."""
        with self._warning:
            if text and about not in self._warned:
                self._warned.add(about)
                logger.warning("%s", text)
