"""Plain data of a config as others may see it."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any


def without_folders(value: Any) -> Any:
    """Return plain data with only the last part of every path in it: folders of this machine are nobody's business."""
    if isinstance(value, Mapping):
        return {key: without_folders(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_folders(item) for item in value]
    is_path = isinstance(value, str) and ("/" in value or "\\" in value)
    return PurePath(value.replace("\\", "/")).name if is_path else value
