"""What is other than it was when a checkpoint was written, key by key."""

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from i2ikit.config.overrides import registry_at
from i2ikit.config.sections import with_defaults
from i2ikit.errors import I2IKitError

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "(not set)"})()
WIDTH = 60  # characters of a value in a message
Keys = tuple[str, ...]

NETWORKS = ("model.type", "model.generators", "model.discriminators", "model.heads", "model.averages")
BESIDE = (  # decides no weight
    "train.steps", "train.epochs", "log", "samples", "checkpoint", "metrics", "evaluation", "alarms", "plugins",
    "data.workers", "data.cache", "data.test", "files.test", "length", "versions", "machine",
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One value that has changed; ``old`` or ``new`` is ABSENT where it was not there."""

    key: str
    old: Any
    new: Any

    def __str__(self) -> str:
        return f"{self.key}: {_short(self.old)} -> {_short(self.new)}"

    @property
    def of_networks(self) -> bool:
        """Whether it makes other networks, so that a run cannot go on with it."""
        return _below(self.key, NETWORKS)

    @property
    def of_weights(self) -> bool:
        """Whether the steps to come are computed in another way, rather than only watched or ended in another way."""
        return not _below(self.key, BESIDE)


def config_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Return the differences of two configs. An argument that is written out with its default is none.

    Args:
        old, new: resolved.
    """
    before, now = (json.loads(json.dumps(with_defaults(config))) for config in (old, new))
    return list(_compare(before, now, ()))


def value_changes(old: Mapping[str, Any], new: Mapping[str, Any], section: str = "") -> list[Change]:
    """Return the differences of two flat dicts; ``section`` goes before the keys."""
    keys = dict.fromkeys([*old, *new])
    found = [Change(f"{section}{key}", old.get(key, ABSENT), new.get(key, ABSENT)) for key in keys]
    return [change for change in found if change.old != change.new]


def _compare(old: Any, new: Any, keys: Keys) -> list[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        names = dict.fromkeys([*old, *new])
        sides = [(name, _value(old, name, keys), _value(new, name, keys)) for name in names]
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new) and any(map(_nested, old)):
        sides = [(str(index), *pair) for index, pair in enumerate(zip(old, new, strict=True))]
    else:
        return [] if old == new else [Change(".".join(keys), old, new)]
    return [change for name, before, now in sides for change in _compare(before, now, (*keys, name))]


def _value(config: Mapping[str, Any], name: str, keys: Keys) -> Any:
    """Return what a dict has under ``name``, or the default of that argument of the part that it describes."""
    if name in config or "type" not in config:
        return config.get(name, ABSENT)
    registry = registry_at(keys)
    try:
        parameters = inspect.signature(registry.get(config["type"])).parameters if registry is not None else {}
    except I2IKitError:  # the config's errors are told elsewhere
        return ABSENT
    default = parameters[name].default if name in parameters else inspect.Parameter.empty
    if default is inspect.Parameter.empty:
        return ABSENT
    return list(default) if isinstance(default, tuple) else default


def _nested(value: Any) -> bool:
    return isinstance(value, dict)


def _below(key: str, places: tuple[str, ...]) -> bool:
    return any(key == place or key.startswith(f"{place}.") for place in places)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."
