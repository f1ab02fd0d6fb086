"""Whether a plain value of a config fits the annotation of an argument; the message says what is expected."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

WORDS: Mapping[Any, str] = {
    bool: "True or False",
    int: "an integer",
    float: "a number",
    str: "text",
    Path: "a path",
    NoneType: "None",
}
TEXTS = (str, Path)
PLAIN = (NoneType, bool, int, float, str, Mapping)  # what a config holds besides lists
MOST_SHOWN = 100  # characters of a value in a message
LARGEST = 2**63 - 1  # integer that torch and the files of a run hold


def wrong_type(value: Any, annotation: Any) -> str:
    """Return ``must be WORDS, not VALUE``, or an empty string where the value fits or the annotation says nothing."""
    if _fits(value, annotation):
        return wrong_number(value)
    quoted = """; the word none is written with its quotes, '"none"'""" if value is None and annotation is str else ""
    return f"must be {_words(annotation)}, not {shown(value)}{quoted}"


def wrong_number(value: Any) -> str:
    """Return ``must be WORDS, not VALUE`` for a number that is not finite or has more than 64 bits, else ""."""
    if isinstance(value, int) and abs(value) > LARGEST:
        return f"must be an integer of at most {LARGEST}, not one of {value.bit_length()} bits"
    if isinstance(value, float) and not math.isfinite(value):
        return f"must be a finite number, not {value}"
    return ""


def shown(value: Any) -> str:
    """Return a value as a message shows it, cut where it is long."""
    try:
        text = repr(value)
    except Exception:  # an integer of too many digits, or an object of the user's
        text = f"<{type(value).__name__}>"
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."


def _fits(value: Any, annotation: Any) -> bool:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return any(_fits(value, each) for each in inner)
    if origin is Literal:
        return value in inner
    if annotation in TEXTS:
        return isinstance(value, TEXTS)
    if annotation is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if annotation in WORDS:
        return type(value) is annotation
    kind = origin or annotation
    if not isinstance(kind, type) or kind in (object, Any):
        return True  # Any, type variables, names that only type checkers resolve
    if issubclass(kind, Mapping):
        return isinstance(value, Mapping) and (not inner or all(_fits(item, inner[1]) for item in value.values()))
    if isinstance(value, list | tuple) and _is_collection(kind):
        if kind is tuple and inner and inner[-1] is not ...:
            return len(value) == len(inner) and all(map(_fits, value, inner))
        return not inner or all(_fits(item, inner[0]) for item in value)
    items = value if isinstance(value, list | tuple) and value else [value]
    return not any(isinstance(item, (*PLAIN, list, tuple)) for item in items)  # a part: only a built one fits


def _is_plain(annotation: Any) -> bool:
    """Return whether a type, or each one of a union, has words of its own."""
    return all(each in WORDS for each in (get_args(annotation) or (annotation,)))


def _is_collection(kind: type[Any]) -> bool:
    return kind.__module__ in ("builtins", "collections.abc") and issubclass(kind, Iterable) and kind is not str


def _words(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(map(_words, inner)))
    if origin is Literal:
        return f"one of {', '.join(map(str, inner))}"
    if annotation in WORDS:
        return WORDS[annotation]
    kind = origin or annotation
    if isinstance(kind, type) and (issubclass(kind, Mapping) or _is_collection(kind)):
        item = inner[1 if issubclass(kind, Mapping) else 0] if inner else Any
        size = f" of {len(inner)}" if kind is tuple and inner and inner[-1] is not ... else ""
        items = f", each {_words(item)}" if _is_plain(item) else ""
        return f"a dict{items}" if issubclass(kind, Mapping) else f"a list{size}{items}"
    return 'dict(type="...", ...)'
