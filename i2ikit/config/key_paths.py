"""Key paths such as ``model.taps.0``: the value under one, and the line of a file that sets it."""

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Keys = tuple[str, ...]
_MISSING = object()


def shown(path: Path) -> str:
    """Return a path as a message shows it: relative to the working directory if it is below that."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


def split(path: str) -> Keys:
    """Return the keys of a key path: ``model.taps[0].x`` and ``model.taps.0.x`` are the same.

    A group of an optimizer is one key, ``heads`` or ``heads.f``, as in ``model.phases.generate.groups.heads.f.lr``.
    """
    keys = path.replace("[", ".").replace("]", "").split(".")
    if "groups" in keys:
        name = keys.index("groups") + 1
        if len(keys) > name + 2 and not keys[name + 2].isdigit():
            keys[name : name + 2] = [".".join(keys[name : name + 2])]
    return tuple(keys)


def lookup(values: Any, keys: Sequence[str]) -> Any:
    """Return the value under a key path, or an object that equals nothing."""
    for key in keys:
        if isinstance(values, dict) and key in values:
            values = values[key]
        elif isinstance(values, list) and key.isdigit() and int(key) < len(values):
            values = values[int(key)]
        else:
            return _MISSING
    return values


def holds(values: Any, keys: Sequence[str]) -> bool:
    """Return whether there is a value under a key path."""
    return lookup(values, keys) is not _MISSING


def existing(values: Any, keys: Keys) -> Keys:
    """Return the longest prefix of a key path that has a value."""
    while keys and not holds(values, keys):
        keys = keys[:-1]
    return keys


def line_of(tree: ast.Module, keys: Keys) -> int | None:
    """Return the line of the deepest of the keys that the source writes out, or None."""
    names = {
        target.id: node
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = names.get(keys[0]) if keys else None
    if found is None:
        return None
    line, node = found.lineno, found.value
    for key in keys[1:]:
        if isinstance(node, ast.Name) and node.id in names:
            node = names[node.id].value
        inner = _child(node, key)
        if inner is None:
            break
        line, node = inner
    return line


def _child(node: ast.expr, key: str) -> tuple[int, ast.expr] | None:
    """Return line and node of one entry of a dict or list that the source writes out."""
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg == key:
                return keyword.value.lineno, keyword.value
    if isinstance(node, ast.Dict):
        for name, value in zip(node.keys, node.values, strict=True):
            if isinstance(name, ast.Constant) and name.value == key:
                return name.lineno, value
    if isinstance(node, (ast.List, ast.Tuple)) and key.isdigit() and int(key) < len(node.elts):
        return node.elts[int(key)].lineno, node.elts[int(key)]
    return None
