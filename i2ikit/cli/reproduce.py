"""`i2ikit reproduce`: runs a step again at which a training stopped."""

from pathlib import Path
from typing import Annotated

import typer

from i2ikit.cli.console import busy, out
from i2ikit.cli.options import Device


def reproduce(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="not_finite_step_NNNNNN.pt of a work directory.")],
    device: Device = "auto",
) -> None:
    """Run a step again that stopped a training.

    Shows which term went wrong.
    """
    from rich.table import Table
    from rich.text import Text

    with busy("Running the step again"):
        from i2ikit.engine.checkpointing.reproduce import reproduce as run

        found = run(file, device)
    failed = found.failed
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("term", "in the run", "again", "gradients that are not finite"):
        table.add_column(column, overflow="fold")
    for name, value in found.losses.items():
        bad = found.bad_gradients.get(name, [])
        then = failed.losses.get(name)
        table.add_row(
            *map(Text, (name, "" if then is None else f"{then:.6g}", f"{value:.6g}", _several(bad))),
        )
    console = out()
    console.print(Text(f"Step {failed.progress['step']} stopped in phase {failed.phase}."), soft_wrap=True)
    console.print(table)
    if failed.files:
        console.print(Text(f"Images: {', '.join(failed.files)}"), soft_wrap=True)


def _several(names: list[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
