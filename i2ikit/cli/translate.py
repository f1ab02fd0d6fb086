"""`i2ikit translate`: translate images with a trained generator."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from i2ikit.cli.console import busy, counting, write
from i2ikit.cli.options import CheckpointPath, Device, GeneratorName, Imports, ValueRange, Weights, takes


@dataclass(frozen=True)
class TranslateOptions:
    """The arguments and options of `i2ikit translate`."""

    checkpoint: CheckpointPath
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="An image, or a folder of images.")]
    target: Annotated[
        Path, typer.Argument(metavar="OUTPUT", help="A folder; for a single image also a file. Names are kept.")
    ]
    generator: GeneratorName = None
    weights: Annotated[
        Weights,
        typer.Option("--weights", help="average: the moving average of the generator, if there is one. raw: its own."),
    ] = Weights.average
    device: Device = "auto"
    size: Annotated[
        int | None,
        typer.Option(
            "--size", min=1, metavar="N", help="Resize the shorter side to N pixels first, and the output back."
        ),
    ] = None
    value_range: ValueRange = None
    imports: Imports = None


@takes(TranslateOptions)
def translate(options: TranslateOptions) -> None:
    """Translate an image, or all images below a folder."""
    with busy("Loading the model"):
        from i2ikit.config.imports import import_files
        from i2ikit.inference import Translator
        from i2ikit.inference.folders import refuse_swapped

        refuse_swapped(options.checkpoint, options.source, options.target)
        import_files(options.imports or ())
        translator = Translator.load(
            options.checkpoint,
            options.device,
            generator=options.generator,
            size=options.size,
            value_range=options.value_range,
            weights=options.weights.value,
        )
    with counting("Translating") as progress:
        count = translator.folder(options.source, options.target, on_progress=progress)
    write(f"{count} {'image' if count == 1 else 'images'} written to {options.target}")
