"""Describes a part by reading its source, without importing it: so `i2ikit show` need not wait for PyTorch."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from inspect import Parameter
from pathlib import Path
from typing import Any

from i2ikit.plugin.scan import Declared, locate

PLAIN_BASES = ("Module", "ABC", "Protocol", "object")  # of these a class inherits no arguments


@dataclass(frozen=True)
class Description:
    """What the source of a part says about it.

    Attributes:
        docstring: of the class, without its indentation.
        parameters: of its construction; annotations are texts.
    """

    docstring: str
    parameters: tuple[Parameter, ...]


class _UnclearError(Exception):
    """Only an import could tell."""


@dataclass(frozen=True)
class _Class:
    node: ast.ClassDef
    module: str


def describe(part: Declared) -> Description | None:
    """Return the description of a part, or None where its source leaves a doubt that only an import could settle.

    Doubt is a class that is not found, has no docstring, is decorated with more than its registration, takes its
    arguments from a base that is neither of its package nor of i2ikit, or has a default that is no literal.
    """
    try:
        found = _find(part.module, part.name)
        docstring = ast.get_docstring(found.node)
        constructor = _constructor(found)
        if docstring is None or len(found.node.decorator_list) > 1:
            return None
        return Description(docstring, () if constructor is None else tuple(_parameters(constructor)))
    except _UnclearError:
        return None


@cache
def _tree(module: str) -> ast.Module:
    found = locate(module)
    if found is None or found.origin is None or not found.has_location:
        raise _UnclearError
    try:
        return ast.parse(Path(found.origin).read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        raise _UnclearError from None


def _find(module: str, name: str) -> _Class:
    """Return a class by the name that it has in a module, where it is defined or imported."""
    for node in _tree(module).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return _Class(node, module)
        if isinstance(node, ast.ImportFrom) and not node.level and _top(node.module or "") in ("i2ikit", _top(module)):
            for each in node.names:
                if (each.asname or each.name) == name:
                    return _find(node.module or "", each.name)
    raise _UnclearError


def _top(module: str) -> str:
    return module.partition(".")[0]


def _constructor(found: _Class) -> ast.FunctionDef | None:
    """Return the ``__init__`` that makes a class, its own or the first one of its bases; None if none has arguments."""
    for node in found.node.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            return node
        if isinstance(node, ast.FunctionDef) and node.name == "__new__":
            raise _UnclearError
    for base in found.node.bases:
        name = base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
        if name in PLAIN_BASES:
            continue
        inherited = _constructor(_find(found.module, name))
        if inherited is not None:
            return inherited
    if any(word.arg == "metaclass" for word in found.node.keywords):
        raise _UnclearError
    return None


def _parameters(constructor: ast.FunctionDef) -> Iterator[Parameter]:
    """Yield what ``__init__`` takes after ``self``."""
    given = constructor.args
    positional = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(positional) - len(given.defaults)) + given.defaults
    for argument, default in [*zip(positional, defaults, strict=True)][1:]:
        yield _parameter(argument, default, Parameter.POSITIONAL_OR_KEYWORD)
    if given.vararg is not None:
        yield _parameter(given.vararg, None, Parameter.VAR_POSITIONAL)
    for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield _parameter(argument, default, Parameter.KEYWORD_ONLY)
    if given.kwarg is not None:
        yield _parameter(given.kwarg, None, Parameter.VAR_KEYWORD)


def _parameter(argument: ast.arg, default: ast.expr | None, kind: Any) -> Parameter:
    note = argument.annotation
    quoted = isinstance(note, ast.Constant) and isinstance(note.value, str)
    text = Parameter.empty if note is None else note.value if quoted else ast.unparse(note)  # type: ignore[attr-defined]
    try:
        value = Parameter.empty if default is None else ast.literal_eval(default)
    except ValueError:
        raise _UnclearError from None
    return Parameter(argument.arg, kind, default=value, annotation=text)
