"""The sections ``alarms``, ``hooks`` and ``vis_backends``: parts of mmengine's own registries, and their errors."""

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

from i2ikit.build import Builder, is_part
from i2ikit.errors import nearest_hint
from i2ikit.plugin.manager import load_components

ALARMS = "i2ikit.engine.hooks.alarms"  # imported by name, as parts are: the config does not know the engine
DEFAULT_ALARMS = {
    "overpowering": "OverpoweringAlarm",
    "collapse": "CollapseAlarm",
    "nothing_learned": "NothingLearnedAlarm",
    "inversion": "InversionAlarm",
    "loader_stall": "LoaderStallAlarm",
}


def with_default_alarms(section: Any) -> Any:
    """Return the section ``alarms`` with the default alarms that it does not mention.

    A dict without a ``type`` changes arguments of the default alarm of that name. None switches an alarm off; None for
    the whole section switches all of them off.
    """
    if section is None:
        return dict.fromkeys(DEFAULT_ALARMS)
    if not isinstance(section, Mapping):
        return section  # an error for the validation
    return {name: {"type": kind} for name, kind in DEFAULT_ALARMS.items()} | {
        name: {"type": DEFAULT_ALARMS[name], **alarm}
        if isinstance(alarm, Mapping) and name in DEFAULT_ALARMS
        else alarm
        for name, alarm in section.items()
    }


def known_hooks() -> Mapping[str, type[Any]]:
    """Return all hooks by name: mmengine's, i2ikit's alarms, and those of plugins."""
    import mmengine.hooks  # noqa: F401  registers mmengine's own
    from mmengine.registry import HOOKS

    import_module(ALARMS)
    load_components()
    return HOOKS.module_dict


def known_backends() -> Mapping[str, type[Any]]:
    """Return all visualization back ends by name: mmengine's, and those of plugins."""
    import mmengine.visualization  # noqa: F401  registers mmengine's own; it imports matplotlib
    from mmengine.registry import VISBACKENDS

    load_components()
    return VISBACKENDS.module_dict


def hook_arguments(name: Any) -> list[str]:
    """Return the names of the arguments that a hook takes from a config, ``type`` among them."""
    found = known_hooks().get(str(name))
    return ["type", *(inspect.signature(found).parameters if found is not None else ())]


class _MMEngineKind(NamedTuple):
    """A kind of parts that mmengine builds: its name, its registry, and the keys that the class does not see."""

    name: str
    known: Callable[[], Mapping[str, type[Any]]]
    beside: tuple[str, ...]
    given: tuple[str, ...] = ()  # arguments that the caller gives


_HOOK = _MMEngineKind("hook", known_hooks, beside=("priority",))
_BACKEND = _MMEngineKind("back end", known_backends, beside=("name",), given=("save_dir",))


def check_alarms(section: Any, builder: Builder) -> None:
    """Collect the errors of the section ``alarms``."""
    if not isinstance(section, Mapping):
        builder.error("alarms", f'must be dict(name=dict(type="..."), ...), not {section!r}')
        return
    for name, alarm in section.items():
        if alarm is not None:
            _check_part(alarm, f"alarms.{name}", _HOOK, builder)


def check_hooks(section: Any, builder: Builder) -> None:
    """Collect the errors of the section ``hooks``."""
    _check_list(section, "hooks", _HOOK, builder)


def check_vis_backends(section: Any, builder: Builder) -> None:
    """Collect the errors of the section ``vis_backends``; imports mmengine's back ends only if there is one."""
    _check_list(section, "vis_backends", _BACKEND, builder)


def _check_list(section: Any, path: str, kind: _MMEngineKind, builder: Builder) -> None:
    if not isinstance(section, list):
        builder.error(path, f'must be a list of dict(type="..."), not {section!r}')
        return
    for index, config in enumerate(section):
        _check_part(config, f"{path}.{index}", kind, builder)


def _check_part(config: Any, path: str, kind: _MMEngineKind, builder: Builder) -> None:
    if not is_part(config):
        builder.error(path, f'a {kind.name} is written as dict(type="...", ...), not {config!r}')
        return
    name, known = config["type"], kind.known()
    found = known.get(str(name))
    if found is None:
        builder.error(f"{path}.type", f"no {kind.name} is called {name!r}.{nearest_hint(str(name), known)}")
        return
    arguments = {key: value for key, value in config.items() if key not in ("type", *kind.beside)}
    before = len(builder.errors)
    builder.match(found, arguments, dict.fromkeys(kind.given, ""), path)
    if len(builder.errors) == before and found.__module__.startswith(ALARMS):
        try:
            found(**arguments)  # an alarm costs nothing to make; other parts may do anything, so they are not made
        except (TypeError, ValueError) as error:
            builder.error(path, f"{name} refused its arguments: {error}")
