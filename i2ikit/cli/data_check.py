"""`i2ikit data check`: check a data set before a model is trained on it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from i2ikit.cli.console import counting, out

if TYPE_CHECKING:
    from i2ikit.dataset_tools.check import CheckResult
    from i2ikit.dataset_tools.rules import DataIssue

SHOWN = 5  # groups of files of an issue
STYLES = {"problem": "bold red", "warning": "yellow", "note": "dim"}


def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with trainA, trainB, testA and testB.")],
    load_size: Annotated[
        int, typer.Option("--load-size", min=1, metavar="N", help="Pixels to which training resizes.")
    ] = 286,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 after a warning, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Check every image of a data set.

    Finds unreadable files, duplicates, odd images, and missing or swapped domains. The exit code is 1 if there is a
    problem.
    """
    with counting("Checking images") as progress:
        from i2ikit.dataset_tools.check import check_folder

        result = check_folder(folder, load_size=load_size, progress=progress)
    if as_json:
        typer.echo(json.dumps(result.as_json(), indent=2, default=str))
    else:
        _show(result)
    if result.count("problem") or (strict and result.count("warning")):
        raise typer.Exit(1)


def _show(result: "CheckResult") -> None:
    from rich.text import Text

    console = out()
    console.print(_table(result))
    for issue in result.issues:
        console.print(Text.assemble((f"{issue.level:<8} ", STYLES[issue.level]), issue.message), soft_wrap=True)
        for line in _files(issue):
            console.print(f"         {line}", soft_wrap=True, markup=False)
    counts = ", ".join(f"{result.count(level)} {level}{'s' * (result.count(level) != 1)}" for level in STYLES)
    console.print(f"{result.root}: {counts}", soft_wrap=True, markup=False)


def _table(result: "CheckResult") -> Any:
    from rich.table import Table

    table = Table("folder", box=None, pad_edge=False, header_style="bold")
    table.add_column("images", justify="right")
    table.add_column("MiB", justify="right")
    table.add_column("sizes")
    table.add_column("kinds")
    for folder in result.folders:
        sizes = list(dict.fromkeys(f"{width}x{height}" for width, height in folder.sizes))
        kinds = ", ".join(f"{count} {kind}" for kind, count in folder.kinds.items())
        table.add_row(folder.name, f"{folder.count:,}", f"{folder.bytes / 2**20:.1f}", " .. ".join(sizes), kinds)
    return table


def _files(issue: "DataIssue") -> list[str]:
    """Return the first groups of files of an issue, one per line."""
    if issue.kind == "corrupt":  # its message lists them
        return []
    lines = [" = ".join(group) for group in issue.groups]
    return [*lines[:SHOWN], *([f"and {len(lines) - SHOWN} more, see --json"] if len(lines) > SHOWN else [])]
