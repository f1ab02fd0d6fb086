"""`i2ikit doctor`: looks at this machine and says what will get in the way."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from i2ikit.cli.console import busy, out

if TYPE_CHECKING:
    from rich.console import Console

    from i2ikit.doctor import Examination

COLORS = {"ok": "green", "note": "cyan", "warning": "yellow", "problem": "bold red"}


def doctor(
    work_dir: Annotated[Path, typer.Option("--work-dir", metavar="DIR", help="Where runs would be written.")] = Path(
        "runs"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Look for known troubles on this machine.

    Shows versions, devices, threads, determinism and plugins, and tries the troubles out.

    Exit code 1 if something was found that lets runs fail.
    """
    with busy("Looking at this machine"):
        from i2ikit.doctor import examine

        found = examine(work_dir)
    if as_json:
        typer.echo(json.dumps({**asdict(found), "sound": found.sound}, indent=2))
    else:
        _show(found, out())
    if not found.sound:
        raise typer.Exit(1)


def _show(found: "Examination", console: "Console") -> None:
    from rich.text import Text

    def line(name: str, value: str) -> None:
        console.print(Text.assemble((f"{name:<12}", "bold"), value), soft_wrap=True)

    line("versions", ", ".join(f"{name} {version}" for name, version in found.versions.items()))
    for index, device in enumerate(found.devices):
        line("devices" if index == 0 else "", device)
    line("threads", ", ".join(f"{name} {count:g}" for name, count in found.threads.items()))
    line("determinism", ", ".join(f"{name} {_word(value)}" for name, value in found.determinism.items()))
    plugins = [f"{each['name']} {each['version']} {each['state']}" for each in found.plugins]
    line("plugins", ", ".join(plugins))
    console.print()
    for finding in found.findings:
        mark = (f"{finding.state:<9}", COLORS[finding.state])
        console.print(Text.assemble(mark, (finding.name, "bold"), f": {finding.found}."), soft_wrap=True)
        if finding.advice:
            console.print(Text(f"{'':9}{finding.advice}"), soft_wrap=True)


def _word(value: object) -> str:
    return {True: "on", False: "off"}.get(value, str(value)) if isinstance(value, bool) else str(value)
