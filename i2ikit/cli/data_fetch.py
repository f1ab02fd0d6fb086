"""`i2ikit data fetch`: published data sets, downloaded and unpacked."""

from pathlib import Path
from typing import Annotated

import typer

from i2ikit.cli.console import counting, out


def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as horse2zebra or summer2winter_yosemite.")],
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Where to put it; by default datasets/NAME.")
    ] = None,
    archive: Annotated[
        Path | None,
        typer.Option("--from", metavar="ZIP", help="Unpack this archive, fetched by hand; download nothing."),
    ] = None,
    mirrors: Annotated[
        list[str] | None,
        typer.Option("--mirror", metavar="URL", help="Another address of the archive, tried first. Can be repeated."),
    ] = None,
) -> None:
    """Download a published data set.

    Goes on with a download that was cut off, verifies it and unpacks it.
    """
    place = folder or Path("datasets") / name
    with counting(f"Fetching {name}") as tell:
        from i2ikit.dataset_tools.fetch import fetch as run

        count = run(name, place, archive=archive, mirrors=mirrors or (), tell=tell)
    out().print(f"{count:,} files of {name} in {place}", soft_wrap=True, markup=False)
