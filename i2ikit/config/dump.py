"""Writes a resolved config as readable Python, which loads as the same config."""

from collections.abc import Mapping
from keyword import iskeyword
from typing import Any

WIDTH = 100


def dump_config(config: Mapping[str, Any]) -> str:
    """Return a config as Python source: one assignment a section, ``dict(key=value)``, lines of at most 100 characters.

    The source loads as the same config.
    """
    return "\n".join(f"{name} = {_text(value, len(name) + 3, 0)}" for name, value in config.items()) + "\n"


def _text(value: Any, used: int, indent: int) -> str:
    """Return the source of a value that starts after ``used`` characters of its line."""
    flat = as_source(value)
    if not isinstance(value, (dict, list)) or not value or used + len(flat) + 1 <= WIDTH:
        return flat
    inner = " " * (indent + 4)
    if isinstance(value, list):
        items = [_text(item, indent + 4, indent + 4) for item in value]
        opening, closing = "[", "]"
    else:
        heads = [_head(value, key) for key in value]
        items = [
            head + _text(item, indent + 4 + len(head), indent + 4)
            for head, item in zip(heads, value.values(), strict=True)
        ]
        opening, closing = ("dict(", ")") if _plain_keys(value) else ("{", "}")
    lines = "".join(f"{inner}{item},\n" for item in items)
    return f"{opening}\n{lines}{' ' * indent}{closing}"


def as_source(value: Any) -> str:
    """Return a value of a config as Python on one line."""
    if isinstance(value, list):
        return f"[{', '.join(map(as_source, value))}]"
    if isinstance(value, dict):
        items = ", ".join(_head(value, key) + as_source(item) for key, item in value.items())
        return f"dict({items})" if _plain_keys(value) else f"{{{items}}}"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    if isinstance(value, str) and "'" not in repr(value)[1:-1] and '"' not in value:
        return f'"{repr(value)[1:-1]}"'
    return repr(value)


def _plain_keys(value: Mapping[str, Any]) -> bool:
    """Return whether all keys can be written as arguments of ``dict(...)``."""
    return all(key.isidentifier() and not iskeyword(key) for key in value)


def _head(value: Mapping[str, Any], key: str) -> str:
    return f"{key}=" if _plain_keys(value) else f"{as_source(key)}: "
