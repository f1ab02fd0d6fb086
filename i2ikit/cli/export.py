"""`i2ikit export`: a checkpoint in another layout."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from i2ikit.cli.console import busy, write
from i2ikit.cli.options import CheckpointPath, Imports


class Format(str, Enum):
    """Layouts of exported files."""

    official = "official"


def export(
    checkpoint: CheckpointPath,
    target: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the files.")],
    layout: Annotated[
        Format, typer.Option("--format", help="official: state dicts as the published code reads them.")
    ] = Format.official,
    prefix: Annotated[str, typer.Option("--prefix", help="Prefix of the file names.")] = "latest",
    imports: Imports = None,
) -> None:
    """Write networks as files of the published code.

    The files are called latest_net_G.pth, latest_net_D.pth, and so on.
    Moving averages are written where the run kept them.
    """
    with busy("Writing the weights"):
        from i2ikit.config.imports import import_files
        from i2ikit.inference.interop.exporting import export_files
        from i2ikit.inference.trained_model import TrainedModel

        import_files(imports or ())
        written, left_out = export_files(TrainedModel(checkpoint), target, prefix=prefix)
    for name, path in written.items():
        write(f"{name} -> {path}")
    for name, reason in left_out.items():
        write(f"{name} left out: {reason}")
