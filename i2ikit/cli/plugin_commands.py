"""The commands that plugins bring."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import typer

from i2ikit.cli.console import complain

if TYPE_CHECKING:
    from i2ikit.plugin import PluginInfo

UNFIT = (RuntimeError, TypeError, AssertionError)  # typer's words for what cannot be a command


def plugin_commands(taken: Collection[str]) -> dict[str, Any]:
    """Return the commands of all plugins by name, without those whose names are taken.

    A plugin whose commands cannot be made is broken from then on, and costs nobody else's.

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
                complain(f"the command {name!r} of the plugin {info.title} is left out: the name is taken")
            else:
                found[name] = command
    return found


def _commands(info: "PluginInfo", app: typer.Typer) -> dict[str, Any]:
    if not app.registered_commands and not app.registered_groups:
        return {}
    try:
        return dict(typer.main.get_group(app).commands)
    except UNFIT as error:
        info.fail("i2ikit_commands", error)
        complain(f"commands of the plugin {info.title} are left out: {error}")
        return {}


def missing_command() -> str:
    """Say, for a command that nobody knows, which plugins that cannot be used may have it; lines, or nothing."""
    from i2ikit.plugin import get_manager

    manager = get_manager()
    complaints = [manager.complaint(info) for info in manager.plugins]
    return "".join(f"\n  It may be a command of {complaint}" for complaint in complaints if complaint)
