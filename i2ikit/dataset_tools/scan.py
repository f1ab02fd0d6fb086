"""Reads every image of a data set once and keeps what the rules of the check need."""

import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from i2ikit.dataset_tools.perceptual_hash import PerceptualHash, perceptual_hash
from i2ikit.datasets.extra import KINDS
from i2ikit.datasets.sources import folders_in
from i2ikit.errors import DataError, nearest_hint
from i2ikit.files import expanded, file_hash
from i2ikit.images import FileList, format_extensions, list_images
from i2ikit.images.files import decode, read_header
from i2ikit.images.formats.base import Header
from i2ikit.images.planes import Planes
from i2ikit.images.values import UsedValues, used_values

DOMAIN = re.compile(r"(.+)([AB])")  # trainA: split and letter
MOST_CHANNELS = 64
ROOT = "."  # name of the folder if the root itself holds the images


@dataclass(frozen=True)
class ScannedFile:
    """One image file.

    Attributes:
        folder: name of its folder below the root; "." for the root.
        path: relative to the root.
        bytes: its size.
        sha256: of its content, in hexadecimal; empty if it cannot be read.
        header, look, used: None if it cannot be read.
        error: why it cannot be read, or an empty string.
    """

    folder: str
    path: str
    bytes: int
    sha256: str
    header: Header | None = None
    look: PerceptualHash | None = None
    used: UsedValues | None = None
    error: str = ""


@dataclass
class Scan:
    """All image files of a data set.

    Attributes:
        root: the folder of the data set.
        folders: the files of each folder, in natural order.
        other_files: number of files that are not images by their extensions, by folder.
        unlisted: a message about each folder that cannot be listed.
    """

    root: Path
    folders: dict[str, list[ScannedFile]] = field(default_factory=dict)
    other_files: dict[str, int] = field(default_factory=dict)
    unlisted: list[str] = field(default_factory=list)

    @property
    def files(self) -> list[ScannedFile]:
        """The files of all folders."""
        return [file for files in self.folders.values() for file in files]

    def splits(self) -> dict[str, dict[str, list[ScannedFile]]]:
        """Return the files of folders such as trainA, by split (train) and letter of the domain (A)."""
        found: dict[str, dict[str, list[ScannedFile]]] = {}
        for folder, files in self.folders.items():
            match = DOMAIN.fullmatch(folder)
            if match:
                found.setdefault(match[1], {})[match[2]] = files
        return found


def scan_folder(root: str | Path, progress: Callable[[int, int], None] | None = None) -> Scan:
    """Decode every image below a folder, so that damage is found.

    Args:
        root: holds folders such as trainA and testB, or images.
        progress: called with the number of files read so far and of all files.

    Raises:
        DataError: the folder does not exist or holds no image.
    """
    root = existing_folder(root, "Name a folder with trainA, trainB, testA and testB, or one with images.")
    folders = {name: root / name for name in folders_in(root) if DOMAIN.fullmatch(name)} or {ROOT: root}
    scan = Scan(root)
    codes = _folders_of_codes(root)
    listed = [
        (name, path)
        for name, folder in folders.items()
        for path in _images(folder, scan.unlisted)
        if name != ROOT or os.path.relpath(path, root).partition(os.sep)[0] not in codes
    ]
    if scan.unlisted and not listed:
        raise DataError(scan.unlisted[0])
    if not listed:
        raise DataError(f"no images in {root} or the folders in it. Image extensions: {format_extensions()}.")
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for count, file in enumerate(pool.map(lambda job: _scan_file(root, *job), listed), 1):
            scan.folders.setdefault(file.folder, []).append(file)
            if progress is not None:
                progress(count, len(listed))
    for name, folder in folders.items():
        others = _count_files(folder) - len(scan.folders.get(name, ()))
        others -= sum(_count_files(root / each) for each in codes) if name == ROOT else 0
        if others > 0:
            scan.other_files[name] = others
    return scan


def _folders_of_codes(root: Path) -> set[str]:
    """Return the folders whose files are masks or labels of another folder's: ``train_mask`` beside ``train``."""
    names = folders_in(root)
    return {f"{name}_{kind}" for name in names for kind in KINDS} & {*names}


def _images(folder: Path, unlisted: list[str]) -> FileList:
    """Return the images of a domain; none, and a message, if its folder cannot be listed."""
    try:
        return list_images(folder, unlisted)
    except DataError as error:
        unlisted.append(str(error))
        return FileList(folder, [])


def existing_folder(folder: str | Path, next_step: str) -> Path:
    """Return the path of a folder.

    Raises:
        DataError: it does not exist or is a file; the message names the nearest folder and the next step.
    """
    path = expanded(folder)
    if not path.is_dir():
        reason = "is a file." if path.exists() else f"does not exist.{nearest_hint(path.name, folders_in(path.parent))}"
        raise DataError(f"{path} {reason} {next_step}")
    return path


def _scan_file(root: Path, folder: str, path: str) -> ScannedFile:
    name = os.path.relpath(path, root)
    size, digest = 0, ""
    try:
        size = os.path.getsize(path) if os.path.isfile(path) else 0
        header = read_header(path)
        digest = file_hash(Path(path))  # only now: reading a device may not end
        pixels = decode(path, min(header.channels, MOST_CHANNELS))
        if isinstance(pixels, Planes) and not np.isfinite(pixels.values).all():
            raise DataError(f"the image {path} holds values that are not finite")
        return ScannedFile(folder, name, size, digest, header, perceptual_hash(pixels), used_values(pixels))
    except PermissionError:
        return ScannedFile(folder, name, size, digest, error=f"no permission to read {path}")
    except (DataError, OSError) as error:
        return ScannedFile(folder, name, size, digest, error=str(error))


def _count_files(folder: Path) -> int:
    return sum(not name.startswith(".") for _, _, names in os.walk(folder) for name in names)
