"""`i2ikit data compare`: measure how different domains are."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from i2ikit.cli.console import busy, out

if TYPE_CHECKING:
    from i2ikit.dataset_tools.compare import Comparison


def compare(
    source: Annotated[Path, typer.Argument(metavar="A", help="Folder of the images to translate.")],
    targets: Annotated[list[Path], typer.Argument(metavar="B...", help="Folders of possible targets.")],
    count: Annotated[int, typer.Option("--count", min=4, help="Images to sample from each folder.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
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
    console = out()
    console.print(_table(found))
    for each in found:
        console.print(f"{each.target}: {each.verdict}", soft_wrap=True, markup=False)
    if len(found) > 1:
        console.print(f"nearest: {found[0].target}", soft_wrap=True, markup=False)


def _table(found: "list[Comparison]") -> Any:
    from rich.table import Table

    table = Table("target", box=None, pad_edge=False, header_style="bold")
    for name in ("patches", "/ spread", "pixels", "color", "contrast", "saturation", "texture 1, 1/2, 1/4"):
        table.add_column(name, justify="right")
    for each in found:
        table.add_row(
            each.target,
            f"{each.patches:.4f}",
            f"{each.ratio:.1f}",
            f"{each.pixels:.4f}",
            f"{each.color:.3f}",
            f"{each.contrast:+.3f}",
            f"{each.saturation:+.3f}",
            " ".join(f"x{factor:.2f}" for factor in each.texture),
        )
    return table
