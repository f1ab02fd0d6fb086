"""Reads the value of ``--set key=value``: Python where it is Python, YAML where it is YAML, else text."""

import ast
from typing import Any

import yaml

WORDS = {"true": True, "false": False, "none": None, "null": None, "~": None}


class _FlowLoader(yaml.BaseLoader):
    """YAML whose plain words are all text: what they mean is decided by :func:`parse_value`."""


def parse_value(text: str) -> Any:
    """Return the value that a piece of a command line means.

    ``2``, ``0.5``, ``5e-5``, ``true``, ``none``, ``"text"``, ``text``, ``[1, 2]``, ``[stem, up2]``, ``0.5,0.999``,
    ``dict(type="L1Loss")``, ``{type: L1Loss}``. Tuples become lists, as everywhere in a config.
    """
    text = text.strip()
    try:
        return _from_node(ast.parse(text, mode="eval").body)
    except (ValueError, SyntaxError):
        pass
    if text.startswith(("[", "{")):
        try:
            return _from_yaml(yaml.load(text, Loader=_FlowLoader))
        except yaml.YAMLError:
            return text
    return _from_word(text)


def _from_node(node: ast.expr) -> Any:
    """Evaluate a literal, in which ``dict(key=value)`` counts as one and a bare word is text or one of YAML's words."""
    if isinstance(node, ast.Name):
        return _from_word(node.id)
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_from_node(item) for item in node.elts]
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "dict" and not node.args:
        return {keyword.arg: _from_node(keyword.value) for keyword in node.keywords if keyword.arg}
    if isinstance(node, ast.Dict):
        keys = [_from_node(key) for key in node.keys if key]
        if len(keys) < len(node.values) or not all(isinstance(key, str) for key in keys):
            raise ValueError("keys must be text")
        return {key: _from_node(value) for key, value in zip(keys, node.values, strict=True)}
    value = ast.literal_eval(node)
    if value is not None and not isinstance(value, (bool, int, float, str)):
        raise ValueError("not a plain value")
    return value


def _from_yaml(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _from_yaml(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_from_yaml(item) for item in value]
    return _from_word(value)


def _from_word(text: str) -> Any:
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    try:
        number = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return number if isinstance(number, (int, float)) else text
