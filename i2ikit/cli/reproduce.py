"""`i2ikit reproduce`: repeats a training step that was not finite."""

from pathlib import Path
from typing import Annotated

import typer

from i2ikit.cli.console import busy, out
from i2ikit.cli.options import Device


def reproduce(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="not_finite_step_NNNNNN.pt of a work directory.")],
    device: Device = "auto",
) -> None:
    """Repeat a step that stopped a training.

    Shows which term and which gradients are not finite.
    """
    from rich.table import Table
    from rich.text import Text

    with busy("Repeating the step"):
        from i2ikit.engine.checkpointing.reproduce import reproduce as run

        found = run(file, device)
    failed = found.failed
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("term", "in the run", "repeated", "gradients that are not finite"):
        table.add_column(column, overflow="fold")
    for name, value in found.losses.items():
        bad = found.bad_gradients.get(name, [])
        then = failed.losses.get(name)
        table.add_row(
            *map(Text, (name, "" if then is None else f"{then:.6g}", f"{value:.6g}", _first(bad))),
        )
    console = out()
    console.print(Text(f"Step {failed.progress['step']} stopped in phase {failed.phase}."), soft_wrap=True)
    console.print(table)
    if failed.files:
        console.print(Text(f"Images: {', '.join(failed.files)}"), soft_wrap=True)


def _first(names: list[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
