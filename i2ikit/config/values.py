"""Reads the value of ``--set key=value``: Python where it is Python, else text."""

import ast
import re
from typing import Any

from i2ikit.argument_types import wrong_number

ALIAS = re.compile(r"^[\[{].*(?<![\w)\]/])[&*]\w", re.DOTALL)  # of YAML, in a list or a dict
WORDS = {"true": True, "false": False, "none": None, "null": None, "~": None}


class NumberError(Exception):
    """A number that no key takes."""


def parse_value(text: str) -> Any:
    """Return the value of a text from the command line.

    ``2``, ``0.5``, ``5e-5``, ``true``, ``none``, ``"text"``, ``text``, ``[1, 2]``, ``[stem, up2]``, ``0.5,0.999``,
    ``dict(type=L1Loss, weight=2)``, ``{type: L1Loss}``. Tuples become lists, as everywhere in a config.

    Raises:
        ValueError: it is nested too deeply, has an anchor or an alias of YAML, or a number that is not finite.
    """
    text = text.strip()
    try:
        return _from_node(ast.parse(text, mode="eval").body, text)
    except (RecursionError, MemoryError):
        raise ValueError("is nested too deeply") from None
    except NumberError as error:
        raise ValueError(str(error)) from None
    except (ValueError, SyntaxError):
        if ALIAS.search(text):
            raise ValueError("anchors and aliases (&a, *a) are not read; write each value in full") from None
        return WORDS.get(text.lower(), text)


def _from_node(node: ast.expr, text: str) -> Any:
    """Evaluate a plain value; anything else inside a list or a dict, such as a path, is text.

    Raises:
        ValueError: the node is not a plain value.
    """
    if isinstance(node, ast.Starred):
        raise SyntaxError(node)  # as in every place but a list
    if isinstance(node, ast.Name):
        return WORDS.get(node.id.lower(), node.id)
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_item(item, text) for item in node.elts]
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "dict" and not node.args:
        return {keyword.arg: _item(keyword.value, text) for keyword in node.keywords if keyword.arg}
    if isinstance(node, ast.Dict) and all(node.keys):
        keys = [_item(key, text) for key in node.keys if key]
        return {str(key): _item(value, text) for key, value in zip(keys, node.values, strict=True)}
    value = ast.literal_eval(node)
    if wrong_number(value):
        raise NumberError(wrong_number(value))
    if value is not None and not isinstance(value, (bool, int, float, str)):
        raise ValueError("not a plain value")
    return value


def _item(node: ast.expr, text: str) -> Any:
    try:
        return _from_node(node, text)
    except ValueError:
        return ast.get_source_segment(text, node)
