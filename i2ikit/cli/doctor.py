"""`i2ikit doctor`: checks this machine for known problems."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from i2ikit.cli.console import busy, write
from i2ikit.cli.options import AsJson

if TYPE_CHECKING:
    from i2ikit.doctor.diagnosis import Diagnosis

COLORS = {"ok": "green", "note": "cyan", "warning": "yellow", "problem": "bold red"}


def doctor(
    work_dir: Annotated[
        Path, typer.Option("--work-dir", metavar="DIR", help="Where runs would be written; its disk is checked.")
    ] = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Check this machine for known problems.

    Shows versions, devices, threads, determinism and plugins, and probes for problems.

    The exit code is 1 if a problem was found that makes runs fail.
    """
    with busy("Checking this machine"):
        from i2ikit.doctor.diagnosis import diagnose

        found = diagnose(work_dir)
    if as_json:
        typer.echo(json.dumps({**asdict(found), "healthy": found.healthy}, indent=2))
    else:
        _show(found)
    if not found.healthy:
        raise typer.Exit(1)


def _show(found: "Diagnosis") -> None:
    for group, values in found.environment.items():
        write((f"{group:<12}", "bold"), ", ".join(f"{name} {value}" for name, value in values.items()))
    write()
    for name, result in found.results.items():
        write((f"{result.state:<9}", COLORS[result.state]), (name, "bold"), f": {result.found}.")
        if result.advice:
            write(f"{'':9}{result.advice}")
