"""`i2ikit plugins`: the installed plugins and their states."""

from collections import Counter
from typing import Annotated

import typer

from i2ikit.cli.console import busy, out
from i2ikit.cli.plugin_commands import plugin_commands


def plugins(
    context: typer.Context,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the tracebacks of broken plugins.")] = False,
) -> None:
    """List the plugins with their versions, states and parts."""
    from rich.table import Table
    from rich.text import Text

    with busy("Importing the plugins"):
        from i2ikit.plugin import get_manager
        from i2ikit.registry import REGISTRIES

        manager = get_manager()
        parts = [(plural, each.module_dict[name]) for plural, each in REGISTRIES.items() for name in each.names()]
        manager.config_folders()  # calls the hooks, so that one that fails is reported
        plugin_commands(context.find_root().command.commands)  # type: ignore[attr-defined]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("plugin", "package", "version", "state", "parts"):
        table.add_column(column, overflow="fold")
    for info in manager.plugins:
        counts = Counter(plural for plural, part in parts if part.__module__ in info.modules)
        listed = ", ".join(f"{count} {plural}" for plural, count in counts.items()) or "none"
        table.add_row(*map(Text, (info.name, info.package, info.version, info.state, listed)))
    console = out()
    console.print(table)
    for info in manager.plugins:
        if info.error:
            console.print(Text.assemble(("\nbroken ", "bold red"), f"{info.name}: {info.error}"), soft_wrap=True)
            console.print(Text(info.advice), soft_wrap=True)
            console.print(Text(info.details if verbose else "See the traceback with `i2ikit plugins --verbose`."))
        if info.notice:
            console.print(Text.assemble(("\nslow ", "bold"), f"{info.name}: {info.notice}"), soft_wrap=True)
