"""Defaults of the arguments of parts."""

import inspect
from collections.abc import Mapping
from typing import Any

from i2ikit.argument_types import wrong_type
from i2ikit.build import parameters
from i2ikit.config.key_paths import Keys
from i2ikit.config.overrides import registry_at

PLAIN = (bool, int, float, str)
STORED = ("model", "schedule")  # sections; the arguments of data sets get values from the section around them


def argument_defaults(config: Mapping[str, Any], keys: Keys) -> dict[str, inspect.Parameter]:
    """Return the arguments with a default that the part under a key path has; none where there is no part.

    Args:
        config: of the part, ``dict(type=...)``.
        keys: where it stands in the complete config.
    """
    registry = registry_at(keys) if isinstance(config.get("type"), str) else None
    found = parameters(registry, config["type"]) if registry is not None else {}
    return {name: each for name, each in found.items() if each.default is not inspect.Parameter.empty}


def with_argument_defaults(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config in which the parts of the model and the schedule have the defaults of their arguments.

    A checkpoint keeps it so: when a later version of a plugin has other defaults, a generator is made with those that
    it was trained with, and a resumed run reports the difference. Defaults that are no number, text, True, False or
    None, or that do not fit their annotation, are left out.
    """
    return {key: _filled(value, (key,)) if key in STORED else value for key, value in config.items()}


def _filled(value: Any, keys: Keys) -> Any:
    if isinstance(value, list | tuple):
        return [_filled(item, (*keys, str(index))) for index, item in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    unset = {name: each for name, each in argument_defaults(value, keys).items() if name not in value}
    defaults = {name: each.default for name, each in unset.items() if _can_be_stored(each)}
    return {key: _filled(item, (*keys, key)) for key, item in value.items()} | defaults


def _can_be_stored(argument: inspect.Parameter) -> bool:
    plain = argument.default is None or type(argument.default) in PLAIN
    return plain and not wrong_type(argument.default, argument.annotation)
