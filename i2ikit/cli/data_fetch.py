"""`i2ikit data fetch`: download and unpack a published data set."""

from pathlib import Path
from typing import Annotated

import typer

from i2ikit.cli.console import counting, write


def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as horse2zebra or summer2winter_yosemite.")],
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="New folder for it; datasets/NAME by default.")
    ] = None,
    archive: Annotated[
        Path | None,
        typer.Option("--from", metavar="ZIP", help="Unpack this archive instead of downloading it."),
    ] = None,
    mirrors: Annotated[
        list[str] | None,
        typer.Option("--mirror", metavar="URL", help="Another URL of the archive, tried first. Repeatable."),
    ] = None,
) -> None:
    """Download a published data set.

    Resumes an incomplete download, verifies the archive and unpacks it.
    """
    target = folder or Path("datasets") / name
    with counting(f"Fetching {name}") as progress:
        from i2ikit.dataset_tools.fetch import fetch as run

        count = run(name, target, archive=archive, mirrors=mirrors or (), progress=progress)
    write(f"{count:,} files of {name} in {target}")
