"""`i2ikit import`: published weights in."""

from pathlib import Path
from typing import Annotated

import typer

from i2ikit.cli.console import busy, write


def import_weights(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]FILE...",
            help="State dicts of CycleGAN, CUT, EnCo, DCLGAN or SinCUT; "
            "NAME, such as G_A, unless the file name ends in _net_NAME.",
        ),
    ],
    target: Annotated[Path, typer.Option("--out", metavar="CHECKPOINT", help="The checkpoint to write.")],
) -> None:
    """Read published weights and write a checkpoint.

    The architecture is detected. Translate with the checkpoint, or start a training from it: train --init.
    """
    with busy("Reading the weights"):
        from i2ikit.engine.checkpointing.checkpoint import write_checkpoint
        from i2ikit.inference.interop.importing import import_files

        checkpoint, found = import_files(files)
        write_checkpoint(target, checkpoint)
    for each in found:
        arguments = ", ".join(f"{key}={value}" for key, value in each.config.items() if key != "type")
        title = f"{each.path} -> {each.name}: {each.config['type']}, {each.parameters:,} parameters"
        write(title)
        for line in (arguments, *each.notes):
            write(f"  {line}")
    write(f"written to {target}")
