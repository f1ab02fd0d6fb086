"""A trained generator, for tensors, images, and folders of images of any size."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from typing_extensions import Unpack

from i2ikit.checks import positive_int
from i2ikit.files import expanded
from i2ikit.images import Reader
from i2ikit.inference.completeness import is_complete
from i2ikit.inference.failures import translation_errors
from i2ikit.inference.folders import FolderOptions, request_of, translate_folder
from i2ikit.inference.image_files import ImageFiles
from i2ikit.inference.image_kinds import Prepared, prepare
from i2ikit.inference.loading import LoadOptions, load_network, refuse_unknown
from i2ikit.inference.network import TranslationNetwork
from i2ikit.inference.plan import Share, plan_file, refuse_replacing
from i2ikit.inference.sequences.translate import SequenceResult
from i2ikit.inference.stream import MOST_PIXELS, translated
from i2ikit.inference.trained_model import TrainedModel
from i2ikit.inference.variants import Variant

BATCH = 8  # images of a list that are translated together


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
        self.training_size = training_size
        self.files = ImageFiles(self.network, self.source, self.target, training_size=training_size, smooth=smooth)

    @classmethod
    def load(
        cls,
        path: str | Path | TrainedModel,
        device: torch.device | str = "auto",
        precision: str = "fp32",
        compile: bool = False,
        **options: Unpack[LoadOptions],
    ) -> "Translator":
        """Rebuild the network of an output from the config inside a checkpoint and load its weights.

        Args:
            path: a checkpoint; a work directory (its best checkpoint, or the newest where the run kept no best); what
                ``i2ikit export`` wrote as ``safetensors`` or ``hub``; the address of a model, ``hf://owner/name``; or
                one that is open already.
            device: ``"auto"`` (a GPU if there is one), ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
            precision, compile: see :class:`TranslationNetwork`.
            options: ``output``, ``weights``, ``value_range``, ``size``, ``memory`` and ``smooth``, see
                :class:`LoadOptions`.

        Raises:
            CheckpointError: the file is missing or damaged, has no such output, needs a part that is not installed,
                or its weights do not fit its config.
            DeviceError: the device is not available, or cannot compute in this precision.
            TypeError, ValueError: ``path`` is none, or an option is unknown or out of its range.
        """
        found = load_network(path, device, precision, compile, options)
        return cls(
            found.network,
            source=found.source,
            target=found.target,
            training_size=found.training_size,
            smooth=options.get("smooth", 0),
        )

    def __call__(
        self, images: Any, *, seed: int = 0, samples: int | None = None, inputs: Mapping[str, Any] | None = None
    ) -> Any:
        """Translate an image, without gradients, and return it as the kind that was given.

        Files and images of Pillow are read as in training: upright, on the background and in the range of the config;
        outputs keep size, depth, transparency and color profile of their inputs, and have the generator's channels.

        Args:
            images: one of these, or a list or tuple of any of them.

                - a path: returns an image of Pillow, or an array where Pillow holds no such depth or channels;
                - an image of Pillow, in any mode that converts to gray or RGB;
                - a NumPy array (H, W), (H, W, C) or (B, H, W, C): uint8, uint16, or floating point in 0..1; with C of 1
                  to 4 (gray, gray and opacity, RGB, RGBA), or that of the generator;
                - a tensor (C, H, W) or (B, C, H, W), on any device: floating point in -1..1 with the generator's C; or
                  uint8 or uint16, with channels as in arrays.
            seed: >= 0, of the random values of an output, which depend on it and on the index of the image alone.
            samples: >= 1, translations of each image; None: one.
            inputs: the images that an output reads besides, by name: one for all images, of these kinds; a mask or a
                label is a path or a tensor (1, H, W), a mask in 0..1.

        Returns:
            the translation; of a list or tuple a list. With ``samples`` a list of so many in place of each.

        Raises:
            DataError: a file cannot be read; values are not finite or out of their range; or an image does not fit into
                memory; an input is missing or unknown; or several samples would be equal.
            ShapeError: a shape or a number of channels is wrong.
            TypeError: it is no image, or of another data type.
            ValueError: ``seed`` or ``samples`` is out of its range.
        """
        request = self.files.variants.request(seed, samples, inputs)
        many = isinstance(images, list | tuple)
        found = []
        for variant in request.variants(place=0):
            call = _Call(self, variant)
            if many:
                found.append(list(translated(images, call.prepare, call.run, batch=BATCH)))
            else:
                found.append(call.run([call.prepare(images)])[0])
        if samples is None:
            return found[0]
        return [list(each) for each in zip(*found, strict=True)] if many else found

    def stream(
        self, images: Iterable[Any], *, batch: int = 1, seed: int = 0, inputs: Mapping[str, Any] | None = None
    ) -> Iterator[Any]:
        """Translate images one after the other, as they are asked for; in memory are those of one batch.

        Args:
            images: of any kinds, see :meth:`__call__`; they may never end.
            batch: >= 1; up to so many neighbors of one size are translated together, which is faster on a GPU. So many
                images are taken before the first output.
            seed, inputs: see :meth:`__call__`.

        Raises:
            TypeError, ValueError: ``images`` is not iterable, or ``batch`` no positive integer. While it runs: as for
                one image; the message has its number, and the stream ends.
        """
        if isinstance(images, str | bytes | np.ndarray | Tensor) or not isinstance(images, Iterable):
            raise TypeError(f"a stream takes an iterable of images, not {type(images).__name__}")
        (variant,) = self.files.variants.request(seed, None, inputs).variants(place=0)
        call = _Call(self, variant)
        return translated(images, call.prepare, call.run, batch=positive_int("batch", batch))

    def folder(self, source: str | Path, output: str | Path, **options: Unpack[FolderOptions]) -> int:
        """Translate a file, or all images and videos of a folder and its subfolders; names and tree are kept.

        Images are turned upright by their EXIF orientation; transparency and color profile are kept. Outputs have the
        size, the depth and the format of their inputs (JPEG at quality 95; PNG where the format is read-only, TIFF
        where it cannot hold the generator's channels). The output folder may be inside the input; it is no part of it.

        Args:
            source: an image, a video or a folder.
            output: a folder, created if missing; for a single file also a file name, whose extension sets the format.
            options: ``on_progress``, ``on_sequence``, ``batch``, ``workers``, ``skip_existing``, ``share``, ``seed``,
                ``samples`` and ``inputs``, see :class:`FolderOptions`.

        Returns:
            number of files that were written.

        Raises:
            DataError: there is nothing to translate; or outputs would replace inputs; or some files could not be
                translated (the others are, and the message lists the failures).
            RunError: no output can be written: the disk is full.
            RunInterruptedError: Ctrl-C; the message counts the files that are done.
            TypeError, ValueError: an option is unknown or out of its range.
        """
        refuse_unknown(options, FolderOptions, "Translator.folder")
        source, output = expanded(source), expanded(output)
        if source.is_dir():
            return translate_folder(self.files, source, output, options).conclude()
        request = request_of(self.files, options)
        targets = request.files(plan_file(source, output, self.files.channels))
        refuse_replacing([source, *(options.get("inputs") or {}).values()], targets)
        if not Share.of(options.get("share")).holds(source.name):
            return 0
        written, report = 0, options.get("on_sequence")
        for target, variant in zip(targets, request.variants(source.name), strict=True):
            if options.get("skip_existing") and is_complete(target, source):
                continue
            sequence = self.files.translate(source, target, options.get("on_progress"), variant)
            if sequence is not None and report is not None:
                report(source, sequence)
            written += 1
        return written

    def file(
        self,
        source: str | Path,
        target: str | Path,
        on_progress: Callable[[int, int], None] | None = None,
        *,
        seed: int = 0,
        inputs: Mapping[str, Any] | None = None,
    ) -> SequenceResult | None:
        """Translate one image, or all frames of a video, an animation or a TIFF of several pages.

        Args:
            source: the file.
            target: is replaced atomically, once the output is complete.
            on_progress: called with the numbers of finished frames and of all.
            seed, inputs: see :meth:`__call__`; random values depend on the name of the file, and all frames share them.

        Returns:
            the number of frames and their flicker; None for a single image.

        Raises:
            DataError: the image cannot be read, does not fit into memory, or the generator fails on it; or the output
                would replace it; or an input is missing or unknown.
            RunError: the output cannot be written.
        """
        source, target = expanded(source), expanded(target)
        (variant,) = self.files.variants.request(seed, None, inputs).variants(source.name)
        refuse_replacing([source, *(inputs or {}).values()], [target])
        return self.files.translate(source, target, on_progress, variant)


class _Call:
    """One call of a translator: the places of its images follow each other."""

    def __init__(self, translator: Translator, variant: Variant) -> None:
        self._translator, self._place = translator, 0
        self._variants = translator.files.variants
        self._variant = self._variants.read(variant)

    def prepare(self, image: Any) -> Prepared:
        """Return an image as the network gets it."""
        translator = self._translator
        found = replace(prepare(image, translator.source, translator.target), place=self._place)
        self._place += len(found.x)
        translator.files.advise_size(found.name, found.x.shape[-1], found.x.shape[-2])
        translator.files.warn_once("range", found.doubt)
        return found

    def run(self, images: Sequence[Prepared]) -> list[Any]:
        """Translate images of one size together; of large ones each by itself."""
        first = images[0]
        height, width = first.x.shape[-2:]
        network = self._translator.network
        places = [each.place + row for each in images for row in range(len(each.x))]
        variants = [replace(self._variant, place=place) for place in places]
        with translation_errors(first.name, width, height, self._translator.training_size, option="size="):
            x = torch.cat([each.x.to(network.device, torch.float32) for each in images])
            most = max(1, MOST_PIXELS // (height * width))
            output = torch.cat(
                [
                    self._variants.of_batch(variants[start : start + most])(x[start : start + most])
                    for start in range(0, len(x), most)
                ]
            )
        parts = output.split([len(each.x) for each in images])
        return [each.restore(part) for each, part in zip(images, parts, strict=True)]
