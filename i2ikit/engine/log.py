"""``log.jsonl`` of a run, one JSON object a line, and the config beside it."""

import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from i2ikit.config import dump_config
from i2ikit.config.imports import IMPORTS
from i2ikit.engine.checkpointing.schema import MEASUREMENT, find_mismatch
from i2ikit.errors import RunError
from i2ikit.files import read_json_lines, write_atomically


class RunLog:
    """Appends lines to a log; each is on disk as soon as it is written.

    Args:
        path: the file; None: nothing is written.
        keep_until: lines of later steps, and partial ones, are dropped when the log is opened: a resumed run writes
            them again.

    Attributes:
        listeners: called with each line that is written, as it was passed.
    """

    def __init__(self, path: Path | None, keep_until: int | None = None) -> None:
        self._path = path
        path = path or Path(os.devnull)
        if keep_until is not None and path.exists():
            lines = read_json_lines(path)
            kept = [line for line in lines if _step(line) <= keep_until and not line.get("partial")]
            write_atomically(path, "".join(f"{json.dumps(line)}\n" for line in kept))
        self._file: TextIO = path.open("a", buffering=1, encoding="utf-8")
        self.listeners: list[Callable[[Mapping[str, Any]], None]] = []

    def write(self, line: Mapping[str, Any]) -> None:
        """Append one line; values that are not finite, which JSON cannot hold, become null.

        Raises:
            RunError: the log was removed, moved or replaced while it is written.
        """
        self._refuse_removed()
        self._file.write(json.dumps(_finite(line), allow_nan=False) + "\n")
        self._file.flush()
        for listener in self.listeners:
            listener(line)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _refuse_removed(self) -> None:
        if self._path is None:
            return
        try:
            same = os.path.samestat(os.fstat(self._file.fileno()), os.stat(self._path))
        except FileNotFoundError:
            same = False
        if not same:
            raise RunError(f"{self._path} was removed or replaced while the run wrote to it")


def logged_measurement(path: Path, step: int, *, last: bool = False) -> dict[str, Any] | None:
    """Return the line of a log with the measurement after ``step``, or None.

    Args:
        path: of the log.
        step: that was measured.
        last: only the measurement at the end of a run counts.
    """
    found = None
    for line in read_json_lines(path):
        if line.get("event") == "metrics" and _step(line) == step and (not last or line.get("last") is True):
            found = found if find_mismatch(line, MEASUREMENT) else line
    return found


def _step(line: Mapping[str, Any]) -> float:
    """Return the step of a line; infinity for one whose step is damaged, 0 for one that has none."""
    step = line.get("step", 0)
    return step if isinstance(step, int) else math.inf


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def write_config(folder: Path, config: Mapping[str, Any]) -> None:
    """Write the resolved config into a folder, as Python (``config.py``) and as JSON (``config.json``).

    The files of ``imports`` are copied into the folder of that name, and the written config names the copies.
    """
    own = [Path(path) for path in config.get(IMPORTS, [])]
    for path in own:
        (folder / IMPORTS).mkdir(exist_ok=True)
        write_atomically(folder / IMPORTS / path.name, path.read_bytes())
    if own:
        config = {**config, IMPORTS: [f"{IMPORTS}/{path.name}" for path in own]}
    write_atomically(folder / "config.py", dump_config(config))
    write_atomically(folder / "config.json", json.dumps(config, indent=2))
