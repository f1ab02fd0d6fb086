"""Checks of names, keys and dicts in the config of a model; what is wrong is recorded."""

from collections.abc import Iterable, Mapping
from keyword import iskeyword
from typing import Any

from torch import nn

from i2ikit.build import Builder
from i2ikit.errors import nearest_hint, no_such


def check_keys(builder: Builder, config: Mapping[str, Any], known: tuple[str, ...], path: str) -> None:
    """Report every key of ``config`` that is not one of ``known``."""
    for key in config:
        if key not in known:
            builder.error(
                f"{path}.{key}", f"unknown key {key!r}.{nearest_hint(key, known)} It takes: {', '.join(known)}."
            )


def section(builder: Builder, config: Mapping[str, Any], name: str, path: str) -> Mapping[str, Any]:
    """Return the dict ``name`` of ``config``; empty where there is none. Another value is an error and empty too."""
    found = config.get(name)
    if found is None:
        return {}
    if isinstance(found, Mapping):
        return found
    builder.error(f"{path}.{name}", f"must be a dict, not {found!r}")
    return {}


def unknown(builder: Builder, path: str, kind: str, name: Any, names: Iterable[str], where: str = "") -> None:
    """Report that nothing of this kind is called ``name``, with the nearest names and all names."""
    builder.error(path, no_such(kind, name, names, where))


def is_name(name: Any) -> bool:
    """Return whether a value can name a module; a few words, such as ``keys``, are reserved by torch."""
    return isinstance(name, str) and name.isidentifier() and not iskeyword(name) and not hasattr(nn.ModuleDict(), name)


def are_texts(names: Any) -> bool:
    """Return whether a value is a list of texts."""
    return isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)
