"""Finds image files; each folder is listed once, and only names are kept in memory."""

import os
import re
from array import array
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from i2ikit.errors import DataError
from i2ikit.images.formats import readable_extensions

DIGITS = re.compile("[0-9]+")


class FileList:
    """Paths of files in one block of memory, which processes share and which is a tenth of the size of strings.

    Args:
        root: folder of the names; absolute names are kept as they are.
        names: of the files.
    """

    def __init__(self, root: str | Path, names: Iterable[str]) -> None:
        self.root = str(root)
        self._ends = array("q")
        text = bytearray()
        for name in names:
            text += os.fsencode(name)
            self._ends.append(len(text))
        self._text = bytes(text)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, index: int) -> str:
        """Return a path; the index is in 0 .. length - 1."""
        return os.path.join(self.root, self.name(index))

    def __iter__(self) -> Iterator[str]:
        return (self[index] for index in range(len(self)))

    def without(self, indices: Collection[int]) -> "FileList":
        """Return the list without the files at these indices."""
        return FileList(self.root, (self.name(index) for index in range(len(self)) if index not in indices))

    def name(self, index: int) -> str:
        """Return a name relative to the root; the index is in 0 .. length - 1."""
        if not 0 <= index < len(self):
            raise IndexError(f"file {index} of {len(self)}")
        start = self._ends[index - 1] if index else 0
        return os.fsdecode(self._text[start : self._ends[index]])


def natural_key(name: str) -> tuple[str, str]:
    """Return a sort key that puts ``2.png`` before ``10.png``, whatever the case."""
    return DIGITS.sub(_number, name.lower()), name


def list_images(folder: str | Path, unlisted: list[str] | None = None) -> FileList:
    """Return all image files in ``folder`` and the folders below it in natural order, by their extensions.

    Hidden files and folders (with a leading dot) are skipped; links are followed, each folder once.

    Args:
        folder: to search.
        unlisted: gets a message about each folder below it that cannot be listed, and is skipped; None: an error.

    Raises:
        DataError: a folder cannot be listed.
    """
    return FileList(folder, _names(str(folder), "", set(), unlisted))


def _names(folder: str, prefix: str, seen: set[str], unlisted: list[str] | None) -> Iterator[str]:
    """Yield the names of images below a folder in natural order, each with ``prefix``."""
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    folders, names = set(), []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if is_folder(entry):
                    folders.add(entry.name)
                elif os.path.splitext(entry.name)[1].lower() not in readable_extensions():
                    continue
                names.append(entry.name)
    except OSError as error:
        message = f"the folder {folder} cannot be listed: {error.strerror or error}"
        if unlisted is None or not prefix:
            raise DataError(message) from error
        unlisted.append(message)
        return
    names.sort(key=natural_key)
    for name in names:
        if name in folders:
            yield from _names(os.path.join(folder, name), os.path.join(prefix, name), seen, unlisted)
        else:
            yield os.path.join(prefix, name)


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder or a link to one; a link to itself is none, reading it names it."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _number(digits: re.Match[str]) -> str:
    """Return digits so that they sort as a number: before all letters, shorter numbers first."""
    number = digits[0].lstrip("0")
    return f"\x01{chr(len(number) + 2)}{number}"
