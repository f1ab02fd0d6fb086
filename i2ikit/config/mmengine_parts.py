"""Finds errors in parts that mmengine's own registries know: hooks, alarms among them, and back ends."""

import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from i2ikit.build import Builder, is_part
from i2ikit.errors import nearest_hint
from i2ikit.plugin.manager import load_components

ALARMS = "i2ikit.engine.hooks.alarms"  # imported by name, as parts are: the config does not know the engine


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


def check_hooks(section: Any, builder: Builder) -> None:
    """Note every error in the section ``hooks``."""
    if _is_list(section, "hooks", builder):
        for index, config in enumerate(section):
            path = f"hooks.{index}"
            _check_part(config, path, "hook", known_hooks(), builder, free=("priority",), passes_on=True)


def check_vis_backends(section: Any, builder: Builder) -> None:
    """Note every error in the section ``vis_backends``; mmengine is asked only where there is something in it."""
    if _is_list(section, "vis_backends", builder):
        for index, config in enumerate(section):
            path = f"vis_backends.{index}"
            _check_part(config, path, "back end", known_backends(), builder, free=("name",), given=("save_dir",))


def check_alarm(config: Any, path: str, builder: Builder) -> None:
    """Note what is wrong with the config of one alarm, a hook that takes nothing but what it names."""
    _check_part(config, path, "hook", known_hooks(), builder, free=("priority",))


def _is_list(section: Any, path: str, builder: Builder) -> bool:
    if not isinstance(section, list):
        builder.error(path, f'must be a list of dict(type="..."), not {section!r}')
    return isinstance(section, list)


def _check_part(
    config: Any,
    path: str,
    what: str,
    known: Mapping[str, type[Any]],
    builder: Builder,
    *,
    free: tuple[str, ...],
    given: tuple[str, ...] = (),
    passes_on: bool = False,
) -> None:
    """Note what is wrong with a part of one of mmengine's registries.

    Args:
        config: of the part.
        path: its key path.
        what: the word for such a part.
        known: the parts of the registry by name.
        builder: collects the errors.
        free: keys that whoever builds the part takes for itself.
        given: arguments that whoever builds the part gives.
        passes_on: whether a part may take keywords that it does not name, as EMAHook does for its average.
    """
    if not is_part(config):
        builder.error(path, f'a {what} is written as dict(type="...", ...), not {config!r}')
        return
    kind = config["type"]
    found = known.get(str(kind))
    if found is None:
        builder.error(f"{path}.type", f"no {what} is called {kind!r}.{nearest_hint(str(kind), known)}")
        return
    arguments = {key: value for key, value in config.items() if key not in ("type", *free)}
    names = inspect.signature(found).parameters
    unknown = [key for key in arguments if key not in names and not (passes_on and _takes_any(names))]
    for key in unknown:
        hint = nearest_hint(key, list(names)) or f" It takes: {', '.join(names) or 'nothing'}."
        builder.error(f"{path}.{key}", f"{kind} has no argument {key!r}.{hint}")
    if not unknown:
        _try(found, {**dict.fromkeys(given, ""), **arguments}, kind, path, builder)


def _takes_any(names: Mapping[str, inspect.Parameter]) -> bool:
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in names.values())


def _try(found: type[Any], arguments: Mapping[str, Any], kind: str, path: str, builder: Builder) -> None:
    """Make an alarm, which costs nothing; of other parts, which may do anything, look at the signature alone."""
    try:
        if found.__module__.startswith(ALARMS):
            found(**arguments)
        else:
            inspect.signature(found).bind(**arguments)
    except (TypeError, ValueError) as error:
        builder.error(path, f"{kind} refused its arguments: {error}")
