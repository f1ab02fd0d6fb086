"""Writes a generator as a file for another runtime, once the file computes the same."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from i2ikit.checks import one_of
from i2ikit.errors import CheckpointError, I2IKitError
from i2ikit.extras import require_extra
from i2ikit.files import cannot_write, write_atomically
from i2ikit.inference.export.calibration import calibration_images
from i2ikit.inference.export.comparison import Difference, check_smallest, compare, trial_images
from i2ikit.inference.export.formats import FORMATS
from i2ikit.inference.export.graphs import making
from i2ikit.inference.export.metadata import describe, refuse_bytes
from i2ikit.inference.export.module import ExportedGenerator, prepare
from i2ikit.inference.export.onnx_files import quantize
from i2ikit.inference.export.published import published
from i2ikit.inference.network import TranslationNetwork
from i2ikit.inference.trained_model import TrainedModel
from i2ikit.inference.translator import Translator
from i2ikit.translation.outputs import domains_of
from i2ikit.work_dir import refuse_output

PRECISIONS = ("fp32", "fp16", "int8")
LEVEL = 2 / 255  # of 8 bits, in -1..1


@dataclass(frozen=True)
class ExportOptions:
    """What is exported, and how.

    Attributes:
        format: a key of ``FORMATS``.
        output: its name; None: the first one.
        weights: see :meth:`TrainedModel.generators_of`.
        uint8: images are bytes (batch, height, width, channels) in and out.
        precision: ``"fp32"``; for ONNX also ``"fp16"`` (weights and arithmetic) and ``"int8"`` (convolutions).
        calibrate: folder of images of the source domain; for ``"int8"``.
    """

    format: str
    output: str | None = None
    weights: str = "average"
    uint8: bool = False
    precision: str = "fp32"
    calibrate: Path | None = None

    def check(self) -> None:
        """Raise I2IKitError if options contradict each other or need what is not installed."""
        one_of("format", self.format, FORMATS)
        one_of("precision", self.precision, PRECISIONS)
        if self.precision != "fp32" and self.format != "onnx":
            raise I2IKitError(f"--precision {self.precision} is for --format onnx; {self.format} files are in fp32.")
        if (self.calibrate is None) == (self.precision == "int8"):
            raise I2IKitError(
                "--precision int8 needs images of the source domain, such as the test images: --calibrate DIR."
                if self.precision == "int8"
                else "--calibrate DIR is for --precision int8."
            )
        require_extra("export", f"--format {self.format}", *FORMATS[self.format].packages)


@dataclass(frozen=True)
class Exported:
    """An exported file.

    Attributes:
        path: of the file.
        output: its name.
        difference: of what it computes from what the network computes.
        bound: what was accepted, in words.
        metadata: that the file holds.
    """

    path: Path
    output: str
    difference: Difference
    bound: str
    metadata: dict[str, str]


def export_generator(trained: TrainedModel, path: Path, options: ExportOptions) -> Exported:
    """Write the network of an output as a file that takes batches of images of any size.

    The file is first run by its own runtime, on images of several sizes: random ones, or, for int8, those that
    calibrate it. A file that differs too much from the generator is not written.

    Args:
        trained: the model.
        path: the file to write; its folder is made.
        options: format and precision.

    Raises:
        CheckpointError: the generator cannot be exported, or the file differs from it.
        DataError: a calibration image cannot be read.
        I2IKitError: options contradict each other, or a package is missing.
        RunError: the file cannot be written.
    """
    options.check()
    refuse_target(trained, path, f"{trained.choose_output(options.output)}{FORMATS[options.format].extension}")
    name = trained.choose_output(options.output)
    refuse_several_inputs(trained, name)
    translator = Translator.load(trained, "cpu", output=name, weights=options.weights)
    if options.uint8:
        for domain, reader in zip(domains_of(name), (translator.source, translator.target), strict=True):
            refuse_bytes(reader, domain)
    images = None
    if options.calibrate is not None:
        images = calibration_images(options.calibrate, translator, uint8=options.uint8)
    generator = prepare(translator.network.generator, translator.network.channels)
    network = TranslationNetwork(generator)
    channels = (network.channels, _channels_out(network))
    content = published(trained, [name], options.weights)
    weights = trained.weights_in(name, options.weights)
    about = {"weights": weights, "precision": options.precision}
    metadata = describe(trained, name, content, **about, uint8=options.uint8, channels=channels)
    file, difference = _made(network, metadata, options, images)
    bound = _refuse_different(difference, options)
    write_file(path, file)
    return Exported(path, name, difference, bound, metadata)


def _made(
    network: TranslationNetwork, metadata: dict[str, str], options: ExportOptions, images: list[Tensor] | None
) -> tuple[bytes, Difference]:
    """Return the content of the file, and how it differs from the network."""
    module = ExportedGenerator(_copy(network.generator, options), uint8=options.uint8, half=options.precision == "fp16")
    kind = FORMATS[options.format]
    with making(options.format, module.eval()):
        file = kind.write(module, network.channels, metadata)
        if images is not None:
            file = quantize(file, images, metadata, bytes_last=options.uint8)
        run = kind.run(file)
        check_smallest(run, module, network.channels)
        trial = images if images is not None else trial_images(module, network.channels)
        return file, compare(run, network, trial, uint8=options.uint8)


def _copy(generator: nn.Module, options: ExportOptions) -> nn.Module:
    """Return a generator that may be changed to the precision of the file."""
    return prepare(generator, int(getattr(generator, "in_channels", 3))) if options.precision == "fp16" else generator


def _channels_out(network: TranslationNetwork) -> int:
    return network(torch.zeros(1, network.channels, 16, 16)).shape[1]


def _refuse_different(difference: Difference, options: ExportOptions) -> str:
    """Return what difference is accepted, in words.

    Raises:
        CheckpointError: it is larger.
    """
    unit = 1.0 if options.uint8 else LEVEL
    if options.precision == "int8":
        what, found, most = "mean", difference.mean, 8 * unit
    elif options.precision == "fp16":
        what, found, most = "largest", difference.largest, 3 * unit
    else:
        what, found, most = "largest", difference.largest, 1.0 if options.uint8 else 1e-3
    if not found <= most:
        raise CheckpointError(
            f"the exported file differs from the generator: the {what} difference is {found:.2g} {difference.unit}, "
            f"and {most:.2g} is accepted in {options.precision}. Nothing was written."
        )
    return f"{what} at most {most:.2g}"


def refuse_target(trained: TrainedModel, path: Path, example: str) -> None:
    """Raise I2IKitError if a file cannot be written at ``--out PATH``, or is a checkpoint, see ``refuse_output``."""
    if path.exists() and path.samefile(trained.path):
        raise I2IKitError(f"--out {path} is the checkpoint itself: name another file.")
    refuse_output(path, example)


def refuse_several_inputs(trained: TrainedModel, output: str) -> None:
    """Raise CheckpointError if an output reads more than the image that it translates."""
    source, *others = trained.reads(output)
    if others:
        raise CheckpointError(
            f"output {output!r} reads {', '.join(map(repr, others))} besides {source!r}; an exported file takes one "
            "image. Name an output that reads one: `--output NAME`."
        )


def write_file(path: Path, content: bytes) -> None:
    """Write a file completely or not at all; its folder is made.

    Raises:
        I2IKitError, RunError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        raise cannot_write(path, error, "Write it elsewhere: `--out`.") from error
