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
    targets: Annotated[list[Path], typer.Argument(metavar="B...", help="Folders to choose the target from.")],
    image: Annotated[
        Path, typer.Option("--image", metavar="FILE", help="Where to write samples, mean colors and histograms.")
    ] = Path("comparison.png"),
    count: Annotated[int, typer.Option("--count", min=4, help="Images to sample from each folder.")] = 200,
    weights: Annotated[
        Path | None, typer.Option("--weights", metavar="FILE", help="Weights of the Inception of FID and KID.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Measure how different domains are.

    Shows how hard a pair is to translate, and which of several targets is nearest.
    """
    with busy("Comparing"):
        from i2ikit.dataset_tools.compare import compare_domains, find_inception, sample_domain
        from i2ikit.dataset_tools.sheet import write_sheet

        inception, missing = find_inception(weights)
        domains = [sample_domain(folder, most=count) for folder in (source, *targets)]
        found = compare_domains(domains[0], domains[1:], inception)
        verdicts = {each.target: f"{each.target}: {each.verdict}" for each in found}
        captions = [verdicts.get(domain.name, domain.name) for domain in domains]
        written = write_sheet(image, domains, [f"source {captions[0]}", *captions[1:]])
    if as_json:
        comparisons = [each.as_json() for each in found]
        typer.echo(json.dumps({"comparisons": comparisons, "image": str(written), "note": missing}))
        return
    console = out()
    console.print(_table(found))
    for each in found:
        console.print(f"{each.target}: {each.verdict}", soft_wrap=True, markup=False)
    if len(found) > 1:
        console.print(f"nearest    {found[0].target}", soft_wrap=True, markup=False)
    console.print(f"image    {written}", soft_wrap=True, markup=False)
    if missing:
        console.print(missing, soft_wrap=True, markup=False)


def _table(found: "list[Comparison]") -> Any:
    from rich.table import Table

    table = Table("target", box=None, pad_edge=False, header_style="bold")
    names = ["patches", "/ spread", "pixels", "color", "contrast", "saturation", "texture 1, 1/2, 1/4"]
    measured = found[0].fid is not None
    for name in [*names, *(["FID", "KID"] if measured else [])]:
        table.add_column(name, justify="right")
    for each in found:
        row = [
            f"{each.patches:.4f}",
            f"{each.ratio:.1f}",
            f"{each.pixels:.4f}",
            f"{each.color:.3f}",
            f"{each.contrast:+.3f}",
            f"{each.saturation:+.3f}",
            " ".join(f"x{factor:.2f}" for factor in each.texture),
        ]
        table.add_row(each.target, *row, *([f"{each.fid:.1f}", f"{each.kid:.4f}"] if measured else []))
    return table
