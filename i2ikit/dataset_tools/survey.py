"""Looking at every image of some folders."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from i2ikit.dataset_tools.looks import Look, look_at
from i2ikit.dataset_tools.published import HASH_DIGITS
from i2ikit.errors import DataError, nearest_hint
from i2ikit.images import format_extensions, list_images
from i2ikit.images.decoding import decode
from i2ikit.images.headers import Header, read_header
from i2ikit.images.planes import Planes

DOMAIN = re.compile(r"(.+)([AB])")  # trainA: split and letter
MOST_CHANNELS = 64
HERE = "."  # the name of a folder that is looked at by itself


@dataclass(frozen=True)
class Seen:
    """What was found out about one file.

    Attributes:
        folder, name: where it is.
        bytes: its size.
        digits: the first half of the sha256 of its content, in hexadecimal.
        header, look: None where it cannot be read.
        error: why it cannot be read, or an empty string.
    """

    folder: str
    name: str
    bytes: int
    digits: str
    header: Header | None = None
    look: Look | None = None
    error: str = ""

    @property
    def place(self) -> str:
        """Its path below the root."""
        return self.name if self.folder == HERE else f"{self.folder}/{self.name}"


@dataclass
class Survey:
    """All files of some folders.

    Attributes:
        root: the folder that holds them.
        files: what was found out, in natural order.
        strays: files that are no images by their extensions, by folder.
    """

    root: Path
    files: list[Seen] = field(default_factory=list)
    strays: Counter[str] = field(default_factory=Counter)

    def folders(self) -> list[str]:
        """Return the names of the folders, in their order."""
        return list(dict.fromkeys(seen.folder for seen in self.files))

    def of(self, folder: str) -> list[Seen]:
        """Return the files of a folder."""
        return [seen for seen in self.files if seen.folder == folder]

    def splits(self) -> dict[str, dict[str, list[Seen]]]:
        """Return the files of folders such as trainA, by split (train) and letter of the domain (A)."""
        found: dict[str, dict[str, list[Seen]]] = {}
        for folder in self.folders():
            match = DOMAIN.fullmatch(folder)
            if match:
                found.setdefault(match[1], {})[match[2]] = self.of(folder)
        return found


def survey(root: str | Path, tell: Callable[[int, int], None] | None = None) -> Survey:
    """Look at every image below a folder: whole, so that damage shows.

    Args:
        root: holds folders such as trainA and testB, or images.
        tell: called with files done and files in all.

    Raises:
        DataError: there is no such folder, or no image in it.
    """
    root = Path(root).expanduser()
    if not root.is_dir():
        kind = "is a file." if root.exists() else f"does not exist.{nearest_hint(root.name, _names(root.parent))}"
        raise DataError(f"{root} {kind} Give a folder with trainA, trainB, testA and testB, or one with images.")
    folders = {name: root / name for name in sorted(_names(root)) if DOMAIN.fullmatch(name)} or {HERE: root}
    listed = [(folder, path) for folder, place in folders.items() for path in list_images(place)]
    if not listed:
        raise DataError(f"no images in {root} or the folders in it. Extensions that count: {format_extensions()}.")
    found = Survey(root)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for seen in pool.map(lambda job: _see(job[0], folders[job[0]], job[1]), listed):
            found.files.append(seen)
            if tell is not None:
                tell(len(found.files), len(listed))
    for folder, place in folders.items():
        strays = _count_files(place) - sum(name == folder for name, _ in listed)
        if strays > 0:
            found.strays[folder] = strays
    return found


def _see(folder: str, place: Path, path: str) -> Seen:
    name = os.path.relpath(path, place)
    size, digits = 0, ""
    try:
        if os.path.isfile(path):
            size, digits = os.path.getsize(path), hash_of(path)
        header = read_header(path)
        pixels = decode(path, min(header.channels, MOST_CHANNELS))
        if isinstance(pixels, Planes) and not np.isfinite(pixels.values).all():
            return Seen(folder, name, size, digits, header, error=f"the image {path} holds numbers that are not finite")
        return Seen(folder, name, size, digits, header, look_at(pixels))
    except PermissionError:
        return Seen(folder, name, size, digits, error=f"{path} cannot be read: this user may not")
    except (DataError, OSError) as error:
        return Seen(folder, name, size, digits, error=str(error))


def hash_of(path: str | Path, digits: int = HASH_DIGITS) -> str:
    """Return the first digits of the sha256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()[:digits]


def _names(place: Path) -> Iterable[str]:
    return [entry.name for entry in place.iterdir() if entry.is_dir()] if place.is_dir() else []


def _count_files(place: Path) -> int:
    return sum(not name.startswith(".") for _, _, names in os.walk(place) for name in names)
