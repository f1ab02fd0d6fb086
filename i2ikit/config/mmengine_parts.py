"""Parts of mmengine's own registries: hooks, alarms among them, visualization back ends and optimizers."""

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

from i2ikit.build import Builder, is_part
from i2ikit.config.sections import within
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


def known_optimizers() -> Mapping[str, type[Any]]:
    """Return all optimizers by name: torch's, and those registered with mmengine."""
    import mmengine.optim  # noqa: F401  registers torch's optimizers
    from mmengine.registry import OPTIMIZERS

    return OPTIMIZERS.module_dict


def arguments(known: Mapping[str, type[Any]], name: Any) -> list[str]:
    """Return the names of the arguments that a part takes from a config, ``type`` among them."""
    found = known.get(str(name))
    names = inspect.signature(found).parameters if found is not None else ()
    return ["type", *(key for key in names if key != "params")]  # the parameters of an optimizer come from the model


def _try_alarm(found: type[Any], options: Mapping[str, Any]) -> None:
    """Make an alarm, which costs nothing; other hooks may do anything, so they are not made."""
    if found.__module__.startswith(ALARMS):
        found(**options)


def _try_optimizer(found: type[Any], options: Mapping[str, Any]) -> None:
    """Make an optimizer of a single parameter."""
    import torch

    found([torch.nn.Parameter(torch.zeros(1))], **options)


class _MMEngineKind(NamedTuple):
    """A kind of parts that mmengine builds.

    Attributes:
        name: what messages call one part.
        known: returns its registry.
        attempt: raises for arguments that the class refuses.
        beside: keys of the config that the class does not take.
        given: arguments that the caller gives.
    """

    name: str
    known: Callable[[], Mapping[str, type[Any]]]
    attempt: Callable[[type[Any], Mapping[str, Any]], None] = lambda found, options: None
    beside: tuple[str, ...] = ()
    given: tuple[str, ...] = ()


_HOOK = _MMEngineKind("hook", known_hooks, _try_alarm, beside=("priority",))
_BACKEND = _MMEngineKind("back end", known_backends, beside=("name",), given=("save_dir",))
_OPTIMIZER = _MMEngineKind("optimizer", known_optimizers, _try_optimizer, given=("params",))


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


def check_optimizer(config: Any, path: str, builder: Builder) -> bool:
    """Collect the errors of the config of an optimizer; return whether there is none."""
    wrong = within(0)(config["lr"]) if isinstance(config, Mapping) and "lr" in config else ""
    if wrong:
        builder.error(f"{path}.lr", wrong)
        return False
    return _check_part(config, path, _OPTIMIZER, builder)


def _check_list(section: Any, path: str, kind: _MMEngineKind, builder: Builder) -> None:
    if not isinstance(section, list):
        builder.error(path, f'must be a list of dict(type="..."), not {section!r}')
        return
    for index, config in enumerate(section):
        _check_part(config, f"{path}.{index}", kind, builder)


def _check_part(config: Any, path: str, kind: _MMEngineKind, builder: Builder) -> bool:
    article = "an" if kind.name[0] in "aeiou" else "a"
    if not is_part(config):
        builder.error(path, f'{article} {kind.name} is written as dict(type="...", ...), not {config!r}')
        return False
    name, known = config["type"], kind.known()
    found = known.get(str(name))
    if found is None:
        builder.error(f"{path}.type", f"no {kind.name} is called {name!r}.{nearest_hint(str(name), known)}")
        return False
    options = {key: value for key, value in config.items() if key not in ("type", *kind.beside)}
    before = len(builder.errors)
    builder.match(found, options, dict.fromkeys(kind.given, ""), path)
    if len(builder.errors) == before:
        try:
            kind.attempt(found, options)
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            builder.error(path, f"{name} refused its arguments: {error}")
    return len(builder.errors) == before
