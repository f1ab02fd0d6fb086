"""The commands of plugins."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import typer

from i2ikit.cli.console import complain

if TYPE_CHECKING:
    from i2ikit.plugin import PluginInfo

INVALID = (RuntimeError, TypeError, AssertionError)  # what typer raises for a function that cannot be a command


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
