"""`i2ikit translate`: images through a trained generator."""

from pathlib import Path
from typing import Annotated

import typer

from i2ikit.cli.console import busy, err, out
from i2ikit.cli.options import CheckpointPath, Device


def translate(
    checkpoint: CheckpointPath,
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="An image, or a folder of them.")],
    target: Annotated[
        Path, typer.Argument(metavar="OUTPUT", help="A file for an image, a folder for a folder; names are kept.")
    ],
    generator: Annotated[
        str | None,
        typer.Option(
            "--generator", metavar="NAME", help="Such as ab; by default the config's first, averaged if it is."
        ),
    ] = None,
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
    from rich.progress import Progress

    with Progress(console=err(), transient=True, disable=not err().is_terminal) as progress:
        task = progress.add_task("Translating", total=None)
        count = translator.translate_path(
            source, target, on_progress=lambda file: progress.update(task, completed=file.done, total=file.total)
        )
    out().print(f"{count} {'image' if count == 1 else 'images'} written to {target}", soft_wrap=True, markup=False)
