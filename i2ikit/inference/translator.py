"""A trained generator, for tensors, images, and folders of images of any size."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

import torch
from torch import Tensor, nn
from typing_extensions import Unpack

from i2ikit.checks import fraction
from i2ikit.distributed.device import pick_device
from i2ikit.errors import nearest_hint
from i2ikit.images import Reader, write_image
from i2ikit.inference.failures import translation_errors
from i2ikit.inference.folders import translate_images
from i2ikit.inference.network import TranslationNetwork
from i2ikit.inference.outputs import output_image
from i2ikit.inference.sequences.frames import FrameTranslator
from i2ikit.inference.sequences.translate import SequenceResult, translate_sequence
from i2ikit.inference.trained_model import TrainedModel
from i2ikit.ops.pixels import image_to_tensor, size_of

FAR_LARGER = 2  # times the training size

logger = logging.getLogger(__name__)


class LoadOptions(TypedDict, total=False):
    """How :meth:`Translator.load` uses a checkpoint.

    Attributes:
        generator: its name in the config, such as ``"ba"``. None: the first one.
        weights: ``"average"``, the default: the moving average of the generator where the config has one; ``"raw"``:
            its own.
        value_range: the values in the files that are black and white to the generator, instead of those that it was
            trained with; outputs have the same range, unless the checkpoint has another one for them.
        size, memory: see :class:`TranslationNetwork`.
        smooth: see :class:`Translator`.
    """

    generator: str | None
    weights: str
    value_range: tuple[float, float] | None
    size: int | None
    memory: int | None
    smooth: float


class Translator:
    """A trained generator, and how the images of its two domains are read and written.

    Args:
        generator: the network, or one that is prepared already.
        device, size: see :class:`TranslationNetwork`; only where it is not prepared.
        source, target: how images of the source and the target domain are read and written. None: with the generator's
            ``in_channels`` (3 if missing), at the natural range of each data type.
        training_size: pixels of the shorter side of the images that it was trained on; None: unknown. Files that are
            more than twice as large are translated with a warning.
        smooth: 0..1, how much the frames of videos and animations resemble the ones before: see
            :class:`~i2ikit.inference.sequences.frames.FrameTranslator`.

    Raises:
        TypeError: ``generator`` is no module, but the path of a checkpoint, for example.
    """

    def __init__(
        self,
        generator: nn.Module | TranslationNetwork,
        device: torch.device | str = "cpu",
        *,
        size: int | None = None,
        source: Reader | None = None,
        target: Reader | None = None,
        training_size: int | None = None,
        smooth: float = 0,
    ) -> None:
        if not isinstance(generator, nn.Module | TranslationNetwork):
            raise TypeError(
                f"Translator takes a generator, not {generator!r}; it opens a checkpoint or the work directory of a "
                f"run by Translator.load({str(generator)!r})"
            )
        self.network = (
            TranslationNetwork(generator, device, size=size) if isinstance(generator, nn.Module) else generator
        )
        self.source = source or Reader(self.network.channels)
        self.target = target or self.source
        self.training_size, self.smooth = training_size, fraction("smooth", smooth)
        self._has_warned = False

    @classmethod
    def load(
        cls,
        path: str | Path | TrainedModel,
        device: torch.device | str = "auto",
        precision: str = "fp32",
        compile: bool = False,
        **options: Unpack[LoadOptions],
    ) -> "Translator":
        """Rebuild a generator from the config inside a checkpoint and load its weights.

        Args:
            path: a checkpoint, a work directory (its best checkpoint, or the newest where the run kept no best), or
                one that is open already.
            device: ``"auto"`` (a GPU if there is one), ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
            precision, compile: see :class:`TranslationNetwork`.
            options: ``generator``, ``weights``, ``value_range``, ``size``, ``memory`` and ``smooth``, see
                :class:`LoadOptions`.

        Raises:
            CheckpointError: the file is missing or damaged, has no such generator, needs a part that is not installed,
                or its weights do not fit its config.
            DeviceError: the device is not available, or cannot compute in this precision.
            TypeError, ValueError: an option is unknown or out of its range.
        """
        unknown = sorted(set(options) - set(LoadOptions.__annotations__))
        if unknown:
            known = sorted({"device", "precision", "compile", *LoadOptions.__annotations__})
            raise TypeError(
                f"Translator.load takes no argument {unknown[0]!r}; it takes {', '.join(known)}."
                f"{nearest_hint(unknown[0], known)}"
            )
        trained = open_trained(path)
        name = trained.choose_generator(options.get("generator"), options.get("weights", "average"))
        network = trained.build(f"generators.{name}")
        trained.load(network, f"generators.{name}")
        readers = trained.readers(getattr(network, "in_channels", 3))
        source, target = (readers[domain] for domain in trained.domains(name))
        value_range = options.get("value_range")
        if value_range is not None:
            same = target.value_range == source.value_range
            source, target = source.with_range(value_range), target.with_range(value_range) if same else target
        prepared = TranslationNetwork(
            network,
            pick_device(str(device)),
            precision=precision,
            compile=compile,
            size=options.get("size"),
            memory=options.get("memory"),
        )
        smooth = options.get("smooth", 0)
        return cls(prepared, source=source, target=target, training_size=trained.training_size, smooth=smooth)

    def __call__(self, images: Tensor) -> Tensor:
        """Translate a batch of images, see :class:`TranslationNetwork`."""
        return self.network(images)

    def folder(
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
            self.file,
            Path(source),
            Path(output),
            on_progress,
            channels=self.target.channels - self.target.keeps_alpha,
        )

    def file(
        self, source: Path, target: Path, on_progress: Callable[[int, int], None] | None = None
    ) -> SequenceResult | None:
        """Translate one image, or all frames of a video, an animation or a TIFF of several pages.

        Args:
            source: the file.
            target: is replaced atomically, once the output is complete.
            on_progress: called with the numbers of finished frames and of all.

        Returns:
            the number of frames and their flicker; None for a single image.

        Raises:
            DataError: the image cannot be read, does not fit into memory, or the generator fails on it.
            RunError: the output cannot be written.
        """
        frames = FrameTranslator(
            self.network, self.source, self.target, smooth=self.smooth, training_size=self.training_size
        )
        sequence = translate_sequence(frames, source, target, on_progress)
        if sequence is not None:
            return sequence
        image = self.source.image(source)
        width, height = size_of(image.pixels)
        self._advise_size(source, width, height)
        with translation_errors(source, width, height, self.training_size):
            output = self.network(image_to_tensor(image.pixels)[None])[0]
            translated = output_image(output, image, self.source, self.target)
        write_image(translated, target)
        return None

    def _advise_size(self, path: Path, width: int, height: int) -> None:
        """Warn, once, of an image that is far larger than those of the training."""
        known = self.training_size
        if (
            self.network.size is not None
            or known is None
            or min(width, height) <= FAR_LARGER * known
            or self._has_warned
        ):
            return
        self._has_warned = True
        logger.warning(
            "%s has %d x %d pixels, but the generator was trained on images of about %d. It translates best what is as "
            "large as in training: consider --size %d.", path, width, height, known, known,
        )  # fmt: skip


def open_trained(path: str | Path | TrainedModel) -> TrainedModel:
    """Return the checkpoint that a path names; of a work directory the best one, or else the newest.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    return path if isinstance(path, TrainedModel) else TrainedModel(path)
