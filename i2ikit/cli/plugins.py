"""`i2ikit plugins`: the installed plugins and their states; and the commands that they add."""

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Any

import typer

from i2ikit.cli.console import busy, complain, make_table, out, write
from i2ikit.cli.list import parts_of
from i2ikit.kinds import HOOKS, KINDS

if TYPE_CHECKING:
    from i2ikit.plugin import PluginInfo

INVALID = (RuntimeError, TypeError, AssertionError)  # what typer raises for a function that cannot be a command


def plugins(
    context: typer.Context,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the tracebacks of broken plugins.")] = False,
) -> None:
    """List the plugins with their versions, states and parts."""
    with busy("Importing the plugins"):
        from i2ikit.plugin import get_manager
        from i2ikit.registry import REGISTRIES

        manager = get_manager()
        parts = [(kind, part) for kind in (*KINDS, HOOKS) for part in parts_of(kind).values()]
        manager.config_folders()  # calls the hooks, so that one that fails is reported
        plugin_commands(context.find_root().command.commands)  # type: ignore[attr-defined]
    rows = []
    for info in manager.plugins:
        counts = Counter(kind for kind, part in parts if part.__module__ in info.modules)
        named = [f"{count} {kind.singular if count == 1 else kind.plural}" for kind, count in counts.items()]
        rows.append([info.name, info.package, info.version, info.state, ", ".join(named) or "none"])
    out().print(make_table(["plugin", "package", "version", "state", "parts"], rows))
    for info in manager.plugins:
        if info.error:
            write(("\nbroken ", "bold red"), f"{info.name}: {info.error}\n{info.advice}")
            write(info.details if verbose else "See the traceback with `i2ikit plugins --verbose`.")
        if info.notice:
            write(("\nslow ", "bold"), f"{info.name}: {info.notice}")
    for registry in REGISTRIES.values():
        for name in registry.contested:
            write(("\nunusable ", "bold red"), registry.contest(name))


def plugin_commands(taken: Collection[str]) -> dict[str, Any]:
    """Return the commands of all plugins by name, except those whose names are taken.

    A plugin whose commands cannot be built is marked as broken; the commands of other plugins are not affected.

    Args:
        taken: names of the built-in commands.
    """
    from i2ikit.plugin import get_manager

    apps: list[tuple[PluginInfo, typer.Typer]] = []

    def app_of(info: "PluginInfo") -> typer.Typer:
        apps.append((info, typer.Typer()))
        return apps[-1][1]

    get_manager().add_commands(app_of)
    found: dict[str, Any] = {}
    for info, app in apps:
        for name, command in _commands(info, app).items():
            if name in taken or name in found:
                complain(f"the command {name!r} of the plugin {info.title} is ignored: the name is taken")
            else:
                found[name] = command
    return found


def _commands(info: "PluginInfo", app: typer.Typer) -> dict[str, Any]:
    if not app.registered_commands and not app.registered_groups:
        return {}
    try:
        return dict(typer.main.get_group(app).commands)
    except INVALID as error:
        info.fail("i2ikit_commands", error)
        complain(f"the commands of the plugin {info.title} are ignored: {error}")
        return {}
