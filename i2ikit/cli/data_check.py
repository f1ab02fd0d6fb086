"""`i2ikit data check`: what is wrong with a folder of images before a model is trained on it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from i2ikit.cli.console import counting, out

if TYPE_CHECKING:
    from i2ikit.dataset_tools.check import Inspection
    from i2ikit.dataset_tools.findings import Finding

SHOWN = 5  # groups of files of a finding
STYLES = {"problem": "bold red", "warning": "yellow", "note": "dim"}


def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with trainA, trainB, testA and testB.")],
    load_size: Annotated[
        int, typer.Option("--load-size", min=1, metavar="N", help="Pixels to which training resizes.")
    ] = 286,
    published: Annotated[
        str | None,
        typer.Option("--published", metavar="NAME", help="Compare with the hashes of horse2zebra or apple2orange."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as problems.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Look at every image of a data set.

    The exit code is 1 if there is a problem.
    """
    with counting("Looking at images") as tell:
        from i2ikit.dataset_tools.check import check_folder
        from i2ikit.errors import DataError

        try:
            found = check_folder(folder, load_size=load_size, published=published, tell=tell)
        except ValueError as error:
            raise DataError(str(error)) from error
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2, default=str))
    else:
        _show(found)
    if found.count("problem") or (strict and found.count("warning")):
        raise typer.Exit(1)


def _show(found: "Inspection") -> None:
    from rich.text import Text

    console = out()
    console.print(_table(found))
    for finding in found.findings:
        console.print(Text.assemble((f"{finding.level:<8} ", STYLES[finding.level]), finding.message), soft_wrap=True)
        for line in _files(finding):
            console.print(f"         {line}", soft_wrap=True, markup=False)
    counts = ", ".join(f"{found.count(level)} {level}{'s' * (found.count(level) != 1)}" for level in STYLES)
    console.print(f"{found.root}: {counts}", soft_wrap=True, markup=False)


def _table(found: "Inspection") -> Any:
    from rich.table import Table

    table = Table("folder", box=None, pad_edge=False, header_style="bold")
    table.add_column("images", justify="right")
    table.add_column("MiB", justify="right")
    table.add_column("sizes")
    table.add_column("kinds")
    for folder in found.folders:
        sizes = list(dict.fromkeys(f"{width}x{height}" for width, height in folder.sizes))
        kinds = ", ".join(f"{count} {kind}" for kind, count in folder.kinds.items())
        table.add_row(folder.name, f"{folder.count:,}", f"{folder.bytes / 2**20:.1f}", " .. ".join(sizes), kinds)
    return table


def _files(finding: "Finding") -> list[str]:
    """Return the files of a finding, a line for each group; of single files that are many, none but the first."""
    if finding.kind == "corrupt":  # its message has them
        return []
    lines = [" = ".join(group) for group in finding.groups]
    return [*lines[:SHOWN], *([f"and {len(lines) - SHOWN} more, see --json"] if len(lines) > SHOWN else [])]
