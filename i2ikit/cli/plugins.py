"""`i2ikit plugins`: who brings which parts, and which plugin is broken."""

from typing import Annotated

import typer

from i2ikit.cli.console import busy, out


def plugins(
    details: Annotated[bool, typer.Option("--details", help="Show the traceback of a plugin that failed.")] = False,
) -> None:
    """List the plugins with their versions, parts and errors."""
    from rich.table import Table
    from rich.text import Text

    with busy("Loading the plugins"):
        from i2ikit.plugin import get_manager, load_components
        from i2ikit.registry import REGISTRIES

        load_components()
        manager = get_manager()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("plugin", "package", "version", "parts"):
        table.add_column(column, overflow="fold")
    for info in manager.plugins:
        counts = {
            registry.plural: sum(part.__module__ in info.modules for part in registry.module_dict.values())
            for registry in REGISTRIES.values()
        }
        parts = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) or "none"
        table.add_row(info.name, info.package, info.version, parts)
    console = out()
    console.print(table)
    for info in manager.plugins:
        if info.error:
            console.print(Text.assemble(("\nbroken ", "bold red"), f"{info.name}: {info.error}"), soft_wrap=True)
            console.print(Text(info.details if details else "See where with `i2ikit plugins --details`."))
