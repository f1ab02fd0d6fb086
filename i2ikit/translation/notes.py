"""How the builders of a model note the errors of its config."""

from collections.abc import Iterable, Mapping
from keyword import iskeyword
from typing import Any

from torch import nn

from i2ikit.build import Builder
from i2ikit.errors import nearest_hint


def check_keys(builder: Builder, config: Mapping[str, Any], known: tuple[str, ...], path: str) -> None:
    """Note every key of ``config`` that is not one of ``known``."""
    for key in config:
        if key not in known:
            builder.error(f"{path}.{key}", f"there is no {key!r} here.{nearest_hint(key, known)}")


def section(builder: Builder, config: Mapping[str, Any], name: str, path: str) -> Mapping[str, Any]:
    """Return the section ``name`` of ``config``, empty where there is none or after noting that it is no dict."""
    found = config.get(name) or {}
    if isinstance(found, Mapping):
        return found
    builder.error(f"{path}.{name}", f"{name} are written as dict(name=dict(...)), not {found!r}")
    return {}


def unknown(builder: Builder, path: str, kind: str, name: Any, names: Iterable[str], where: str = "") -> None:
    """Note that nothing of this kind is called ``name``, with the nearest names and all of them."""
    names = list(names)
    hint, known = nearest_hint(str(name), names), ", ".join(names) or "none"
    builder.error(path, f"there is no {kind} {name!r}{where}.{hint} There are: {known}.")


def is_name(name: Any) -> bool:
    """Say whether something can be the name of a module; a few words, such as ``keys``, belong to torch."""
    return isinstance(name, str) and name.isidentifier() and not iskeyword(name) and not hasattr(nn.ModuleDict(), name)


def are_texts(names: Any) -> bool:
    """Say whether something is a list of texts."""
    return isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)
