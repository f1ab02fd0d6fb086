"""Reads the files of a run's folder, which may be somebody else's: nothing outside of it, nothing without an end."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from i2ikit.files import read_json_lines

MOST_TEXT = 2**26  # bytes of a config, or of an index of samples
MOST_LOG = 2**30
MOST_IMAGE = 2**26


class RunFiles:
    """The files of a run that may be read: regular files inside its folder, links followed, not larger than a limit.

    Args:
        folder: of the run; it may itself be a link.

    Attributes:
        refused: why a file that is there is not read, by its path in the folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = Path(os.path.realpath(folder))
        self.refused: dict[str, str] = {}

    def find(self, path: Path, most: int = MOST_IMAGE) -> Path | None:
        """Return a file without links, or None if it is missing or refused.

        Args:
            path: in the folder, or any other, as an index of samples may name it.
            most: bytes.
        """
        try:
            found = path.resolve(strict=True)
            status = found.stat()
        except FileNotFoundError:
            return None
        except (OSError, RuntimeError, ValueError):  # a circle of links, no permission, a null byte
            self._refuse(path, "it cannot be opened")
            return None
        reason = ""
        if not found.is_relative_to(self.root):
            reason = "it is outside of the folder"
        elif not stat.S_ISREG(status.st_mode):
            reason = "it is not a regular file"
        elif status.st_size > most:
            reason = f"it has {status.st_size:,} bytes, more than {most:,}"
        if reason:
            self._refuse(path, reason)
        return None if reason else found

    def read_text(self, path: Path) -> str:
        """Return a small text file, "" if it is missing or refused."""
        found = self.find(path, MOST_TEXT)
        try:
            return found.read_text("utf-8", errors="replace") if found else ""
        except OSError:
            self._refuse(path, "it cannot be opened")
            return ""

    def read_json(self, path: Path) -> Any:
        """Return the content of a small JSON file, None if it is missing, refused or damaged."""
        try:
            return json.loads(self.read_text(path) or "null")
        except (ValueError, RecursionError):
            self._refuse(path, "it is damaged")
            return None

    def read_lines(self, path: Path) -> Iterator[dict[str, Any]]:
        """Yield the objects of a log."""
        found = self.find(path, MOST_LOG)
        try:
            yield from read_json_lines(found) if found else ()
        except OSError:
            self._refuse(path, "it cannot be opened")

    def _refuse(self, path: Path, reason: str) -> None:
        name = path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else str(path)
        self.refused[name] = reason
