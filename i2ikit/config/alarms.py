"""The section ``alarms`` of a config: hooks by name, most of them there without being asked for."""

import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from i2ikit.build import Builder, is_part
from i2ikit.errors import nearest_hint
from i2ikit.plugin.manager import load_components

DEFAULTS = {
    "overpowering": "OverpoweringAlarm",
    "collapse": "CollapseAlarm",
    "nothing_learned": "NothingLearnedAlarm",
    "inversion": "InversionAlarm",
    "loader_stall": "LoaderStallAlarm",
}
HOME = "i2ikit.engine.hooks.alarms"  # imported by name, as parts are: the config does not know the engine


def with_default_alarms(section: Any) -> Any:
    """Return the section with the alarms that nobody named.

    A dict without a ``type`` changes arguments of the default alarm of that name. None stays, and switches an alarm
    off; None for the whole section switches all of them off.
    """
    if section is None:
        return dict.fromkeys(DEFAULTS)
    if not isinstance(section, Mapping):
        return section  # validation says what is wrong with it
    return {name: {"type": kind} for name, kind in DEFAULTS.items()} | {
        name: {"type": DEFAULTS[name], **alarm} if isinstance(alarm, Mapping) and name in DEFAULTS else alarm
        for name, alarm in section.items()
    }


def hook_class(name: Any) -> type[Any] | None:
    """Return the hook of this name, mmengine's, i2ikit's or a plugin's, or None."""
    return _hooks().get(str(name))


def alarm_arguments(name: Any) -> list[str]:
    """Return the names of the arguments that a hook takes from a config, ``type`` among them."""
    found = hook_class(name)
    return ["type", *(inspect.signature(found).parameters if found is not None else ())]


def check_alarms(section: Any, builder: Builder) -> None:
    """Note every mistake in the section."""
    if not isinstance(section, Mapping):
        builder.mistake("alarms", f'must be dict(name=dict(type="..."), ...), not {section!r}')
        return
    for name, alarm in section.items():
        if alarm is not None:
            check_hook(alarm, f"alarms.{name}", builder)


def check_hook(config: Any, path: str, builder: Builder) -> None:
    """Note what is wrong with the config of one hook."""
    if not is_part(config):
        builder.mistake(path, f'a hook is written as dict(type="...", ...), not {config!r}')
        return
    found = hook_class(config["type"])
    if found is None:
        hint = nearest_hint(str(config["type"]), _hooks())
        builder.mistake(f"{path}.type", f"no hook is called {config['type']!r}.{hint}")
        return
    arguments = {key: value for key, value in config.items() if key not in ("type", "priority")}
    known = list(inspect.signature(found).parameters)
    unknown = [key for key in arguments if key not in known]
    for key in unknown:
        hint = nearest_hint(key, known) or f" It takes: {', '.join(known) or 'nothing'}."
        builder.mistake(f"{path}.{key}", f"{config['type']} has no argument {key!r}.{hint}")
    if not unknown:
        _try(found, arguments, config["type"], path, builder)


def _try(found: type[Any], arguments: Mapping[str, Any], kind: str, path: str, builder: Builder) -> None:
    """Make an alarm, which costs nothing; of other hooks, which may do anything, look at the signature alone."""
    try:
        if found.__module__.startswith(HOME):
            found(**arguments)
        else:
            inspect.signature(found).bind(**arguments)
    except (TypeError, ValueError) as error:
        builder.mistake(path, f"{kind} refused its arguments: {error}")


def _hooks() -> dict[str, type[Any]]:
    import mmengine.hooks  # noqa: F401  registers mmengine's own
    from mmengine.registry import HOOKS

    import_module(HOME)
    load_components()
    return HOOKS.module_dict
