"""`i2ikit data check`: check a data set before a model is trained on it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from i2ikit.cli.console import counting, make_table, out, write
from i2ikit.cli.options import AsJson

if TYPE_CHECKING:
    from rich.table import Table

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
    as_json: AsJson = False,
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
    out().print(_table(result))
    for issue in result.issues:
        write((f"{issue.level:<8} ", STYLES[issue.level]), issue.message)
        for line in _files(issue):
            write(f"         {line}")
    counts = ", ".join(f"{result.count(level)} {level}{'s' * (result.count(level) != 1)}" for level in STYLES)
    write(f"{result.root}: {counts}")


def _table(result: "CheckResult") -> "Table":
    rows = []
    for folder in result.folders:
        sizes = list(dict.fromkeys(f"{width}x{height}" for width, height in folder.sizes))
        kinds = ", ".join(f"{count} {kind}" for kind, count in folder.kinds.items())
        rows.append([folder.name, f"{folder.count:,}", f"{folder.bytes / 2**20:.1f}", " .. ".join(sizes), kinds])
    return make_table(["folder", "images", "MiB", "sizes", "kinds"], rows, right=["images", "MiB"])


def _files(issue: "DataIssue") -> list[str]:
    """Return the first groups of files of an issue, one per line."""
    if issue.kind == "corrupt":  # its message lists them
        return []
    lines = [" = ".join(group) for group in issue.groups]
    return [*lines[:SHOWN], *([f"and {len(lines) - SHOWN} more, see --json"] if len(lines) > SHOWN else [])]
