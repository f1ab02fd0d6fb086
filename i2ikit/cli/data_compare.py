"""`i2ikit data compare`: measure how different domains are."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from i2ikit.cli.console import busy, make_table, out, write
from i2ikit.cli.options import AsJson

if TYPE_CHECKING:
    from rich.table import Table

    from i2ikit.dataset_tools.compare import Comparison


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
    out().print(_table(found))
    for each in found:
        write(f"{each.target}: {each.verdict}")
    if len(found) > 1:
        write(f"nearest: {found[0].target}")


def _table(found: "list[Comparison]") -> "Table":
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
