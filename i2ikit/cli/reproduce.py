"""`i2ikit reproduce`: repeats a training step that was not finite."""

from pathlib import Path
from typing import Annotated

import typer

from i2ikit.cli.console import busy, make_table, out, write
from i2ikit.cli.options import Device, Imports


def reproduce(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="not_finite_step_NNNNNN.pt of a work directory.")],
    device: Device = "auto",
    imports: Imports = None,
) -> None:
    """Repeat a step that stopped a training.

    Shows which term and which gradients are not finite.
    """
    with busy("Repeating the step"):
        from i2ikit.config.imports import import_files
        from i2ikit.engine.checkpointing.reproduce import reproduce as run

        import_files(imports or ())
        found = run(file, device)
    failed = found.failed
    columns = ["term", "in the run", "repeated", "gradients that are not finite"]
    rows = []
    for name, value in found.losses.items():
        before = failed.losses.get(name)
        shown = "" if before is None else f"{before:.6g}"
        rows.append([name, shown, f"{value:.6g}", _first(found.bad_gradients.get(name, []))])
    write(f"Step {failed.progress['step']} stopped in phase {failed.phase}.")
    out().print(make_table(columns, rows))
    if failed.files:
        write(f"Images: {', '.join(failed.files)}")


def _first(names: list[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
