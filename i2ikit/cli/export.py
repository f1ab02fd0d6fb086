"""`i2ikit export`: a checkpoint in another layout."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from i2ikit.cli.console import busy, out
from i2ikit.cli.translate import newest_checkpoint


class Format(str, Enum):
    """What can be written."""

    official = "official"


def export(
    checkpoint: Annotated[
        Path, typer.Argument(metavar="CHECKPOINT", help="A checkpoint, or a work directory: its newest checkpoint.")
    ],
    target: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder for the files.")],
    layout: Annotated[
        Format, typer.Option("--format", help="official: state dicts as the published code reads them.")
    ] = Format.official,
    prefix: Annotated[str, typer.Option("--prefix", help="What the names of the files begin with.")] = "latest",
) -> None:
    """Write networks as files of the published code.

    They are called latest_net_G.pth, latest_net_D.pth, and so on.
    """
    with busy("Writing the weights"):
        from i2ikit.engine.checkpointing.checkpoint import read_checkpoint
        from i2ikit.inference.interop.exporting import export_files

        source = newest_checkpoint(checkpoint)
        written, left_out = export_files(read_checkpoint(source), target, source=str(source), prefix=prefix)
    console = out()
    for name, path in written.items():
        console.print(f"{name} -> {path}", soft_wrap=True, markup=False)
    for name, reason in left_out.items():
        console.print(f"{name} left out: {reason}", soft_wrap=True, markup=False)
