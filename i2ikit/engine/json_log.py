"""``log.jsonl``: one JSON object a line, on disk as soon as it is written."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from i2ikit.files import read_json_lines, write_atomically


class JsonLog:
    """Appends lines to a log.

    Args:
        path: the file.
        keep_until: lines about later steps are dropped when the log is opened: a resumed run writes them again.

    Attributes:
        listeners: called with each line that is written, as it was given.
    """

    def __init__(self, path: Path, keep_until: int | None = None) -> None:
        self.path = path
        if keep_until is not None and path.exists():
            kept = [line for line in read_json_lines(path) if line.get("step", 0) <= keep_until]
            write_atomically(path, "".join(f"{json.dumps(line)}\n" for line in kept))
        self._file: TextIO = path.open("a", buffering=1, encoding="utf-8")
        self.listeners: list[Callable[[Mapping[str, Any]], None]] = []

    def write(self, line: Mapping[str, Any]) -> None:
        """Append one line; numbers that are not finite, which JSON cannot hold, become null."""
        self._file.write(json.dumps(_finite(line), allow_nan=False) + "\n")
        self._file.flush()
        for listener in self.listeners:
            listener(line)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
