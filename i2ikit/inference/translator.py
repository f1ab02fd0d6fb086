"""A trained generator that takes images of any size."""

import logging
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2.functional import resize

from i2ikit.checks import positive_int
from i2ikit.environment import free_memory
from i2ikit.errors import ShapeError
from i2ikit.images import Reader, write_image
from i2ikit.images.files import left_out_frames
from i2ikit.inference.failures import bytes_per_pixel, refuse_above, translation_errors
from i2ikit.inference.folders import translate_images
from i2ikit.inference.outputs import output_image
from i2ikit.inference.trained_model import TrainedModel
from i2ikit.ops.image_tensors import pad_to_multiple
from i2ikit.ops.pixels import image_to_tensor, size_of

FAR_LARGER = 2  # times the training size
LARGE = 2**20  # pixels from which the memory is checked first

logger = logging.getLogger(__name__)


class Translator:
    """A generator in evaluation mode, for images of any size.

    Args:
        generator: the network; it is moved to ``device`` and set to evaluation mode. Its attributes ``multiple`` and
            ``smallest`` (pixels, 1 if missing) limit the sizes that it takes; images are padded to fit.
        device: device to run on, such as ``"cpu"`` or ``"cuda:0"``.
        size: pixels, >= 1. The shorter side of an image is resized to it first, and the output is resized back. None
            keeps the size of the image.
        source, target: how files of the source and the target domain are read and written. None: with the generator's
            ``in_channels`` (3 if missing), at the natural range of each data type.
        training_size: pixels of the shorter side of the images that it was trained on; None: unknown. Files that are
            more than twice as large are translated with a warning.

    Raises:
        TypeError: ``generator`` is no module, but the path of a checkpoint, for example.
    """

    def __init__(
        self,
        generator: nn.Module,
        device: torch.device | str = "cpu",
        *,
        size: int | None = None,
        source: Reader | None = None,
        target: Reader | None = None,
        training_size: int | None = None,
    ) -> None:
        if not isinstance(generator, nn.Module):
            raise TypeError(
                f"Translator takes a generator, not {generator!r}; it opens a checkpoint or the work directory of a "
                f"run by Translator.from_checkpoint({str(generator)!r})"
            )
        self.source = source or Reader(getattr(generator, "in_channels", 3))
        self.target = target or self.source
        self.device = torch.device(device)
        self.generator = generator.to(self.device).eval()
        self.size = None if size is None else positive_int("size", size)
        self.training_size = training_size
        self._has_warned = False

    @classmethod
    def from_checkpoint(
        cls,
        path: str | Path | TrainedModel,
        generator: str | None = None,
        device: torch.device | str = "cpu",
        *,
        size: int | None = None,
        value_range: tuple[float, float] | None = None,
        weights: str = "average",
    ) -> "Translator":
        """Rebuild a generator from the config inside a checkpoint and load its weights.

        Args:
            path: a checkpoint, a work directory (its best checkpoint, or the newest where the run kept no best), or
                one that is open already.
            generator: its name in the config, such as ``"ba"``. None: the first one.
            device, size: as for the class.
            value_range: the values in the files that are black and white to the generator, instead of those that it
                was trained with; outputs have the same range, unless the checkpoint has another one for them.
            weights: ``"average"``: the moving average of the generator where the config has one; ``"raw"``: its own.

        Raises:
            CheckpointError: the file is missing or damaged, has no such generator, needs a part that is not installed,
                or its weights do not fit its config.
        """
        trained = path if isinstance(path, TrainedModel) else TrainedModel(path)
        name = trained.choose_generator(generator, weights)
        network = trained.build(f"generators.{name}")
        trained.load(network, f"generators.{name}")
        readers = trained.readers(getattr(network, "in_channels", 3))
        source, target = (readers[domain] for domain in trained.domains(name))
        if value_range is not None:
            same = target.value_range == source.value_range
            source, target = source.with_range(value_range), target.with_range(value_range) if same else target
        return cls(network, device, size=size, source=source, target=target, training_size=trained.training_size)

    def __call__(self, images: Tensor) -> Tensor:
        """Translate a batch of images, without gradients.

        Shape:
            images: (B, C, H, W) in -1..1, any H and W; returns the same size in -1..1, on the device.

        Raises:
            ShapeError: ``images`` has not four axes, or another number of channels than the generator takes.
        """
        if images.ndim != 4:
            raise ShapeError(f"Translator needs images (B, C, H, W), got {tuple(images.shape)}")
        height, width = images.shape[-2:]
        with torch.inference_mode():
            x = images.to(self.device)
            if self.size is not None:
                x = resize(x, resized(height, width, self.size), InterpolationMode.BICUBIC).clamp(-1, 1)
            output = self._padded(x)
            if self.size is not None:
                output = resize(output, [height, width], InterpolationMode.BICUBIC)
            return output.clamp(-1, 1)

    def _padded(self, x: Tensor) -> Tensor:
        """Pad to a size that the generator takes, translate, and crop the padding."""
        multiple, smallest = getattr(self.generator, "multiple", 1), getattr(self.generator, "smallest", 1)
        output: Tensor = self.generator(pad_to_multiple(x, multiple, smallest))
        return output[..., : x.shape[-2], : x.shape[-1]]

    def translate_path(
        self, source: str | Path, output: str | Path, *, on_progress: Callable[[int, int], None] | None = None
    ) -> int:
        """Translate an image, or all images of a folder and its subfolders; names and tree are kept.

        Images are turned upright by their EXIF orientation; transparency and color profile are kept. Outputs have the
        size, the depth and the format of their inputs (JPEG at quality 95; PNG where the format is read-only, TIFF
        where it cannot hold the generator's channels).

        Args:
            source: an image or a folder.
            output: a folder, created if missing; for a single image also a file name, whose extension sets the format.
            on_progress: called after each image, translated or failed, with the number of finished images and of all.

        Returns:
            number of translated images.

        Raises:
            DataError: there is nothing to translate; or outputs would replace inputs (nothing is written then); or
                some images could not be translated (the others are, and the message lists the failures).
            RunError: no output can be written: the disk is full.
            RunInterruptedError: Ctrl-C; the message counts the images that are done.
        """
        return translate_images(
            self.translate_file,
            Path(source),
            Path(output),
            on_progress,
            channels=self.target.channels - self.target.keeps_alpha,
        )

    def translate_file(self, source: Path, target: Path) -> None:
        """Translate one image; ``target`` is replaced atomically, once the output is complete.

        Raises:
            DataError: the image cannot be read, does not fit into memory, or the generator fails on it.
            RunError: the output cannot be written.
        """
        left_out = left_out_frames(source, self.source.channels)
        if left_out:
            logger.warning(
                "%s has %d frames: only the first is translated, frames 2 to %d are left out",
                *(source, left_out + 1, left_out + 1),
            )
        image = self.source.image(source)
        width, height = size_of(image.pixels)
        self._advise_size(source, width, height)
        with translation_errors(source, width, height, self.training_size):
            self._refuse_too_large(width, height)
            output = self(image_to_tensor(image.pixels)[None])[0]
            translated = output_image(output, image, self.source, self.target)
        write_image(translated, target)

    def _advise_size(self, path: Path, width: int, height: int) -> None:
        """Warn, once, of an image that is far larger than those of the training."""
        known = self.training_size
        if self.size is not None or known is None or min(width, height) <= FAR_LARGER * known or self._has_warned:
            return
        self._has_warned = True
        logger.warning(
            "%s has %d x %d pixels, but the generator was trained on images of about %d. It translates best what is as "
            "large as in training: consider --size %d.", path, width, height, known, known,
        )  # fmt: skip

    @cached_property
    def _bytes_per_pixel(self) -> float | None:
        return bytes_per_pixel(self.generator, self.source.channels)

    def _refuse_too_large(self, width: int, height: int) -> None:
        """Raise MemoryError for an image that needs more memory than the machine has left; a GPU says so itself."""
        rows, columns = (height, width) if self.size is None else resized(height, width, self.size)
        if rows * columns >= LARGE and self.device.type == "cpu" and self._bytes_per_pixel is not None:
            refuse_above(free_memory(), rows * columns * self._bytes_per_pixel)


def resized(height: int, width: int, shorter: int) -> list[int]:
    """Return height and width scaled so that the shorter one becomes ``shorter``, in pixels."""
    scale = shorter / min(height, width)
    return [max(1, round(height * scale)), max(1, round(width * scale))]
