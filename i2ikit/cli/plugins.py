"""`i2ikit plugins`: who brings which parts, and which plugin is broken."""

from collections import Counter
from typing import Annotated

import typer

from i2ikit.cli.console import busy, out
from i2ikit.cli.plugin_commands import plugin_commands


def plugins(
    context: typer.Context,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the traceback of a plugin that failed.")] = False,
) -> None:
    """List the plugins with their versions, parts and states.

    Parts are read from the source of their modules. Only where that leaves a doubt are the modules imported.
    """
    from rich.table import Table
    from rich.text import Text

    with busy("Looking for plugins"):
        from i2ikit.plugin import get_manager

        manager = get_manager()
        parts = manager.declared()
        manager.config_folders()  # asks the hooks, so that one that fails is noticed
        plugin_commands(context.find_root().command.commands)  # type: ignore[attr-defined]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("plugin", "package", "version", "state", "parts"):
        table.add_column(column, overflow="fold")
    for info in manager.plugins:
        counts = Counter(part.registry for owner, part in parts if owner is info)
        listed = ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "none"
        table.add_row(*map(Text, (info.name, info.package, info.version, info.state, listed)))
    console = out()
    console.print(table)
    for info in manager.plugins:
        if info.error:
            console.print(Text.assemble(("\nbroken ", "bold red"), f"{info.name}: {info.error}"), soft_wrap=True)
            console.print(Text(info.advice), soft_wrap=True)
            console.print(Text(info.details if verbose else "See where with `i2ikit plugins --verbose`."))
        if info.notice:
            console.print(Text.assemble(("\nslow ", "bold"), f"{info.name}: {info.notice}"), soft_wrap=True)
