"""Writes a resolved config as readable Python, which loads as the same config."""

import math
from collections.abc import Mapping
from keyword import iskeyword
from typing import Any

WIDTH = 100


def dump_config(config: Mapping[str, Any]) -> str:
    """Return a config as Python source: one assignment a section, ``dict(key=value)``, lines of at most 100 characters.

    The source loads as the same config.
    """
    return "".join(f"{name} = {as_source(value, WIDTH, len(name) + 3)}\n" for name, value in config.items())


def as_source(value: Any, width: float = math.inf, used: int = 0, indent: int = 0) -> str:
    """Return a value of a config as Python.

    Args:
        value: plain.
        width: most characters of a line; a dict or a list that needs more has a line for each item.
        used: characters of the first line before the value.
        indent: of the line on which the value starts.
    """
    if not isinstance(value, (dict, list)):
        return _scalar(value)
    opening, closing, heads = "[", "]", [""] * len(value)
    if isinstance(value, dict):
        plain = all(key.isidentifier() and not iskeyword(key) for key in value)  # as arguments of dict(...)
        opening, closing = ("dict(", ")") if plain else ("{", "}")
        heads = [f"{key}=" if plain else f"{_scalar(key)}: " for key in value]
    items = list(zip(heads, value.values() if isinstance(value, dict) else value, strict=True))
    flat = f"{opening}{', '.join(head + as_source(item) for head, item in items)}{closing}"
    if not items or used + len(flat) + 1 <= width:
        return flat
    inner = indent + 4
    lines = [f"{' ' * inner}{head}{as_source(item, width, inner + len(head), inner)},\n" for head, item in items]
    return f"{opening}\n{''.join(lines)}{' ' * indent}{closing}"


def _scalar(value: Any) -> str:
    if isinstance(value, float) and math.isinf(value):
        return f'float("{value}")'
    if isinstance(value, str) and "'" not in repr(value)[1:-1] and '"' not in value:
        return f'"{repr(value)[1:-1]}"'
    return repr(value)
