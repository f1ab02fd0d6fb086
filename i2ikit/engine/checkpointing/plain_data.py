"""What may stand in a checkpoint: what comes back from a file that is read without running its code."""

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor

LEAVES = (str, int, float, bool, type(None), torch.Size, torch.dtype, torch.device)


def find_foreign(value: Any, place: str = "") -> str:
    """Return where the first thing stands that is neither a tensor nor plain data, and what it is; empty: nowhere.

    Args:
        value: nested dicts, lists and tuples. A subclass, such as NumPy's float64, is not its base class.
        place: keys above ``value``, joined by dots.
    """
    if isinstance(value, Tensor) or type(value) in LEAVES:
        return ""
    if type(value) in (dict, OrderedDict):
        items = [(str(key), item) for key, item in value.items()]
        wrong = next((key for key in value if type(key) not in LEAVES), None)
        if wrong is not None:
            return f"{place} has the key {wrong!r}, a {_name(wrong)}"
    elif type(value) in (list, tuple):
        items = [(str(index), item) for index, item in enumerate(value)]
    else:
        return f"{place} is a {_name(value)}"
    found = (find_foreign(item, f"{place}.{key}" if place else key) for key, item in items)
    return next((text for text in found if text), "")


def _name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
