"""Finds image files; each folder is listed once, and only names are kept in memory."""

import os
import re
from array import array
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path

from i2ikit.errors import DataError, one_line
from i2ikit.images.formats import readable_extensions

DIGITS = re.compile("[0-9]+")
DEEPEST = 100  # folders inside each other


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


class ImageWalk:
    """The names of the images below a folder, found while they are read; iterate once.

    Hidden files and folders (with a leading dot) are skipped; links are followed, each folder once.

    Args:
        folder: the root; names are relative to it.
        extensions: of the files, in lower case. None: of all images.
        block: so many entries of a folder are sorted at a time, in natural order: memory stays flat in a folder of
            millions. None: all.
        without: a folder that is left out, with all below it.
        unlisted: gets a message about each folder below the root that cannot be listed, and is skipped; None: an error.

    Attributes:
        images, others: numbers of files found so far: those of the extensions, and all others.
        position: of the newest name among the images of its folder, from 0; None in a folder of ``block`` entries or
            more, whose order the disk determines.

    Raises:
        DataError: a folder cannot be listed, or is nested too deeply.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        extensions: Collection[str] | None = None,
        block: int | None = None,
        without: str | Path | None = None,
        unlisted: list[str] | None = None,
    ) -> None:
        self.folder, self.block, self.unlisted = str(folder), block, unlisted
        self.extensions = readable_extensions() if extensions is None else extensions
        self.images = self.others = 0
        self.position: int | None = None
        self._seen = set() if without is None else {os.path.realpath(without)}

    def __iter__(self) -> Iterator[str]:
        return self._below(self.folder, "")

    def _below(self, folder: str, prefix: str) -> Iterator[str]:
        """Yield the names of images below a folder, each with ``prefix``."""
        if prefix.count(os.sep) > DEEPEST:
            short = one_line(prefix[:DEEPEST])
            raise DataError(f"the folder {short}... is more than {DEEPEST} folders deep: move its images up")
        real = os.path.realpath(folder)
        if real in self._seen:
            return
        self._seen.add(real)
        try:
            with os.scandir(folder) as entries:
                position, is_large = 0, False
                while block := list(islice(entries, self.block)):
                    is_large = is_large or len(block) == self.block
                    for name, below in self._sorted(block):
                        if below:
                            yield from self._below(os.path.join(folder, name), os.path.join(prefix, name))
                        else:
                            self.images += 1
                            self.position = None if is_large else position
                            position += 1
                            yield os.path.join(prefix, name)
        except OSError as error:
            reason = f"the folder {one_line(folder)} cannot be listed: {error.strerror or error}"
            if self.unlisted is None or not prefix:
                raise DataError(reason) from error
            self.unlisted.append(reason)

    def _sorted(self, entries: Iterable[os.DirEntry[str]]) -> list[tuple[str, bool]]:
        """Return the names of images and folders among entries, and which are folders."""
        found = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            below = is_folder(entry)
            if below or os.path.splitext(entry.name)[1].lower() in self.extensions:
                found.append((entry.name, below))
            else:
                self.others += 1
        return sorted(found, key=lambda each: natural_key(each[0]))


def list_images(folder: str | Path, unlisted: list[str] | None = None) -> FileList:
    """Return all image files in ``folder`` and the folders below it in natural order, by their extensions.

    Args:
        folder: to search.
        unlisted: see :class:`ImageWalk`.

    Raises:
        DataError: a folder cannot be listed, or is nested too deeply.
    """
    return FileList(folder, ImageWalk(folder, unlisted=unlisted))


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
