"""`i2ikit data`: make, check, fetch and compare data sets."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from i2ikit.checks import MOST_PIXELS
from i2ikit.cli.console import busy, counting, make_table, out, write
from i2ikit.cli.options import AsJson
from i2ikit.errors import counted, one_line

if TYPE_CHECKING:
    from rich.table import Table

    from i2ikit.dataset_tools.check import CheckResult
    from i2ikit.dataset_tools.compare import Comparison
    from i2ikit.dataset_tools.rules import DataIssue

SHOWN = 5  # groups of files of an issue
STYLES = {"problem": "bold red", "warning": "yellow", "note": "dim"}

data = typer.Typer(help="Make, check, fetch and compare data sets.", no_args_is_help=True)
make = typer.Typer(help="Make an embedded data set, without a download.", no_args_is_help=True)
data.add_typer(make, name="make")


@make.command("stripes")
def stripes(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New folder for trainA, trainB, testA, testB.")],
    size: Annotated[int, typer.Option("--size", min=8, max=MOST_PIXELS, help="Height and width in pixels.")] = 64,
    train: Annotated[int, typer.Option("--train", min=1, help="Training images of each domain.")] = 500,
    test: Annotated[int, typer.Option("--test", min=1, help="Pairs of test images.")] = 96,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the images.")] = 0,
    masks: Annotated[bool, typer.Option("--masks", help="Also write the masks of all images.")] = False,
) -> None:
    """Write the embedded data set `stripes`.

    It has plain animals, striped animals, and a paired test split with masks.
    """
    with busy("Drawing images"):
        from i2ikit.datasets.stripes.stripes import write_stripes

        write_stripes(folder, size=size, train_count=train, test_count=test, seed=seed, masks=masks)
    write(f"{train} + {train} training images and {test} test pairs of {size} x {size} written to {folder}")


@data.command("check")
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
        _show_check(result)
    if result.count("problem") or (strict and result.count("warning")):
        raise typer.Exit(1)


def _show_check(result: "CheckResult") -> None:
    out().print(_folder_table(result))
    for issue in result.issues:
        write((f"{issue.level:<8} ", STYLES[issue.level]), issue.message)
        for line in _files(issue):
            write(f"         {line}")
    counts = ", ".join(counted(result.count(level), level) for level in STYLES)
    write(f"{result.root}: {counts}")


def _folder_table(result: "CheckResult") -> "Table":
    rows = []
    for folder in result.folders:
        sizes = list(dict.fromkeys(f"{width}x{height}" for width, height in folder.sizes))
        kinds = ", ".join(f"{count} {kind}" for kind, count in folder.kinds.items())
        mebibytes, values = f"{folder.bytes / 2**20:.1f}", "; ".join(folder.values)
        rows.append([folder.name, f"{folder.count:,}", mebibytes, " .. ".join(sizes), kinds, values])
    return make_table(["folder", "images", "MiB", "sizes", "kinds", "values"], rows, right=["images", "MiB"])


def _files(issue: "DataIssue") -> list[str]:
    """Return the first groups of files of an issue, one per line."""
    if issue.kind == "corrupt":  # its message lists them
        return []
    lines = [one_line(" = ".join(group)) for group in issue.groups]
    return [*lines[:SHOWN], *([f"and {len(lines) - SHOWN} more, see --json"] if len(lines) > SHOWN else [])]


@data.command("fetch")
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
    write(f"{counted(count, 'file')} of {name} in {target}")


@data.command("compare")
def compare(
    source: Annotated[Path, typer.Argument(metavar="A", help="Folder of the images to translate.")],
    targets: Annotated[list[Path], typer.Argument(metavar="B...", help="Folders of possible targets.")],
    count: Annotated[int, typer.Option("--count", min=4, help="Images to sample from each folder.")] = 200,
    as_json: AsJson = False,
) -> None:
    """Measure how different domains are.

    Shows how hard a pair is to translate, and which of several targets is nearest.
    """
    with busy("Comparing"):
        from i2ikit.dataset_tools.compare import compare_domains, sample_domain

        sampled, *others = [sample_domain(folder, most=count) for folder in (source, *targets)]
        found = compare_domains(sampled, others)
    if as_json:
        typer.echo(json.dumps([each.as_json() for each in found]))
        return
    out().print(_comparison_table(found))
    for each in found:
        write(f"{each.target}: {each.verdict}")
    if len(found) > 1:
        write(f"nearest: {found[0].target}")


def _comparison_table(found: "list[Comparison]") -> "Table":
    columns = ["patches", "/ spread", "pixels", "color", "contrast", "saturation", "texture 1, 1/2, 1/4"]
    rows = (
        [
            each.target,
            f"{each.patches:.4f}",
            f"{each.ratio:.1f}",
            f"{each.pixels:.4f}",
            f"{each.color:.3f}",
            f"{each.contrast:+.3f}",
            f"{each.saturation:+.3f}",
            " ".join(f"x{factor:.2f}" for factor in each.texture),
        ]
        for each in found
    )
    return make_table(["target", *columns], rows, right=columns)
