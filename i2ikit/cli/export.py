"""`i2ikit export`: a checkpoint in another layout, or its generator for another runtime."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from i2ikit.cli.console import busy, write
from i2ikit.cli.options import CheckpointPath, Imports, OutputName, Weights, takes
from i2ikit.errors import I2IKitError

if TYPE_CHECKING:
    from i2ikit.inference.trained_model import TrainedModel


class Format(str, Enum):
    """Layouts of exported files."""

    official = "official"
    onnx = "onnx"
    torchscript = "torchscript"
    torch_export = "torch-export"
    safetensors = "safetensors"
    hub = "hub"


class Precision(str, Enum):
    """Precisions of ONNX files."""

    fp32 = "fp32"
    fp16 = "fp16"
    int8 = "int8"


FORMATS = """official: state dicts as the published code reads them, in the folder PATH.
onnx: for onnxruntime and other runtimes.
torchscript: for torch.jit.load, from C++ too.
torch-export: for torch.export.load.
safetensors: the weights with their config, for i2ikit.
hub: the folder PATH for the Hugging Face hub."""


@dataclass(frozen=True)
class Options:
    """The arguments and options of `i2ikit export`."""

    checkpoint: CheckpointPath
    target: Annotated[Path, typer.Option("--out", metavar="PATH", help="The file; for official and hub, the folder.")]
    layout: Annotated[Format, typer.Option("--format", help=FORMATS)] = Format.official
    output: OutputName = None
    weights: Annotated[
        Weights,
        typer.Option("--weights", help="average: the moving average of the generator, if there is one. raw: its own."),
    ] = Weights.average
    uint8: Annotated[
        bool,
        typer.Option("--uint8", help="Images are bytes, (batch, height, width, channels), instead of floats in -1..1."),
    ] = False
    precision: Annotated[Precision, typer.Option("--precision", help="Of ONNX files; int8 needs --calibrate.")] = (
        Precision.fp32
    )
    calibrate: Annotated[
        Path | None,
        typer.Option("--calibrate", metavar="DIR", help="Images of the source domain, from which int8 is scaled."),
    ] = None
    prefix: Annotated[
        str | None, typer.Option("--prefix", help="Prefix of the file names of official; by default latest.")
    ] = None
    imports: Imports = None


@takes(Options)
def export(options: Options) -> None:
    """Write a checkpoint for other programs, or to publish it.

    A generator is compared with its file, run by the file's own runtime, before the file is written. It takes images
    of any size.
    """
    refuse_contradictions(options)
    with busy("Exporting"):
        from i2ikit.config.imports import import_files
        from i2ikit.inference.trained_model import TrainedModel

        import_files(options.imports or ())
        make = {Format.official: official, Format.safetensors: safetensors, Format.hub: hub}.get(
            options.layout, runtime
        )
        lines = list(make(TrainedModel(options.checkpoint), options))
    for line in lines:
        write(line)


def refuse_contradictions(options: Options) -> None:
    """Raise I2IKitError if an option does not belong to the format."""
    runtime_options = {
        "--uint8": options.uint8,
        "--precision": options.precision is not Precision.fp32,
        "--calibrate": options.calibrate is not None,
    }
    one_output = {"--output": options.output is not None, "--weights": options.weights is Weights.raw}
    refused = {} if options.layout is Format.official else {"--prefix": options.prefix is not None}
    if options.layout in (Format.official, Format.safetensors, Format.hub):
        refused |= runtime_options
    if options.layout is Format.official:
        refused |= one_output
    wrong = next((name for name, given in refused.items() if given), None)
    if wrong is not None:
        raise I2IKitError(f"{wrong} is not for --format {options.layout.value}. See `i2ikit export --help`.")


def official(trained: "TrainedModel", options: Options) -> Iterator[str]:
    """Write files of the published code."""
    from i2ikit.inference.interop.exporting import export_files

    written, left_out = export_files(trained, options.target, prefix=options.prefix or "latest")
    yield from (f"{name} -> {path}" for name, path in written.items())
    yield from (f"{name} left out: {reason}" for name, reason in left_out.items())


def safetensors(trained: "TrainedModel", options: Options) -> Iterator[str]:
    """Write the weights of generators."""
    from i2ikit.inference.export.weights import export_weights

    names = export_weights(trained, options.target, options.output, options.weights.value)
    yield from (f"{name} -> {options.target}" for name in names)


def hub(trained: "TrainedModel", options: Options) -> Iterator[str]:
    """Write a folder for the Hugging Face hub."""
    from i2ikit.inference.export.hub_folder import export_hub
    from i2ikit.report.model_card import hub_card

    folder = options.target
    page, images = hub_card(trained.checkpoint, trained.path, folder.absolute().name)
    names = export_hub(trained, folder, page, images, options.output, options.weights.value)
    yield from (f"{name} -> {folder}" for name in names)
    yield f"  complete {folder / 'README.md'} (data, licence), and upload the folder: hf upload OWNER/NAME {folder}"


def runtime(trained: "TrainedModel", options: Options) -> Iterator[str]:
    """Write a generator for another runtime."""
    from i2ikit.inference.export.exporting import ExportOptions, export_generator

    done = export_generator(
        trained,
        options.target,
        ExportOptions(
            format=options.layout.value,
            output=options.output,
            weights=options.weights.value,
            uint8=options.uint8,
            precision=options.precision.value,
            calibrate=options.calibrate,
        ),
    )
    found = done.difference
    yield f"{done.output} ({done.metadata['weights']} weights) -> {done.path}"
    yield f"  input       {done.metadata['input']}"
    yield f"  output      {done.metadata['output']}"
    yield f"  compared    on {', '.join(found.sizes[:6])}{' ...' if len(found.sizes) > 6 else ''}"
    yield f"  difference  largest {found.largest:.2g}, mean {found.mean:.2g} {found.unit}; accepted: {done.bound}"
