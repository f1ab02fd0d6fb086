"""`i2ikit translate`: images through a trained generator."""

from pathlib import Path
from typing import Annotated

import typer

from i2ikit.cli.console import busy, counting, write
from i2ikit.cli.options import CheckpointPath, Device, GeneratorName


def translate(
    checkpoint: CheckpointPath,
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="An image, or a folder of them.")],
    target: Annotated[
        Path, typer.Argument(metavar="OUTPUT", help="A file for an image, a folder for a folder; names are kept.")
    ],
    generator: GeneratorName = None,
    device: Device = "auto",
    size: Annotated[
        int | None,
        typer.Option("--size", min=1, metavar="N", help="Work at this length of the shorter side, in pixels."),
    ] = None,
) -> None:
    """Translate an image, or a folder with everything below it."""
    with busy("Loading the model"):
        from i2ikit.distributed.device import pick_device
        from i2ikit.inference import Translator

        translator = Translator.from_checkpoint(checkpoint, generator, pick_device(device), size=size)
    with counting("Translating") as progress:
        count = translator.translate_path(
            source, target, on_progress=lambda file: progress(file.done, file.total) if progress else None
        )
    write(f"{count} {'image' if count == 1 else 'images'} written to {target}")
