"""Checks a data set before a model is trained on it."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median_high
from typing import Any

from i2ikit.dataset_tools.masks import find_bad_masks
from i2ikit.dataset_tools.rules import (
    LEVELS,
    DataIssue,
    find_duplicates,
    find_layout,
    find_narrow_ranges,
    find_odd_images,
    find_swaps,
    find_unreadable,
)
from i2ikit.dataset_tools.scan import ScannedFile, scan_folder
from i2ikit.images.values import joined_values


@dataclass(frozen=True)
class FolderSummary:
    """What a folder holds.

    Attributes:
        name: relative to the root; "." for the root itself.
        count, bytes: of its images.
        kinds: number of images by format, color model and depth, such as ``"JPEG RGB 8 bit"``.
        values: what the images use of each data type, such as ``"0 to 4095, 12 of 16 bits"``.
        sizes: smallest, median and largest (width, height), by the number of pixels; empty if no image can be read.
    """

    name: str
    count: int
    bytes: int
    kinds: dict[str, int]
    values: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class CheckResult:
    """The result of a check.

    Attributes:
        root: the folder of the data set.
        folders: a summary of each.
        issues: the most serious first.
    """

    root: Path
    folders: tuple[FolderSummary, ...]
    issues: tuple[DataIssue, ...]

    def count(self, level: str) -> int:
        """Return the number of issues of a level."""
        return sum(issue.level == level for issue in self.issues)

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            "root": str(self.root),
            "ok": not self.count("problem"),
            "folders": [vars(folder) for folder in self.folders],
            "issues": [vars(issue) for issue in self.issues],
        }


def check_folder(
    root: str | Path, *, load_size: int = 286, progress: Callable[[int, int], None] | None = None
) -> CheckResult:
    """Check every image of a data set.

    Args:
        root: holds trainA, trainB, testA and testB, or other pairs of folders that end with A and B, or images; masks
            and labels in trainA_mask, trainA_label and so on are checked too.
        load_size: pixels, height and width of the training transform's resize, >= 1.
        progress: called with the number of files read so far and of all files.

    Raises:
        DataError: there are no images.
    """
    scan = scan_folder(root, progress)
    issues = [
        *find_unreadable(scan),
        *find_layout(scan),
        *find_odd_images(scan, load_size),
        *find_narrow_ranges(scan),
        *find_duplicates(scan),
        *find_swaps(scan),
        *find_bad_masks(scan),
    ]
    folders = tuple(_summary(name, files) for name, files in scan.folders.items())
    return CheckResult(scan.root, folders, tuple(sorted(issues, key=lambda issue: LEVELS.index(issue.level))))


def _summary(name: str, files: Sequence[ScannedFile]) -> FolderSummary:
    headers = [file.header for file in files if file.header is not None]
    kinds = Counter(f"{header.format} {header.mode} {header.bits} bit" for header in headers)
    sizes = sorted((header.width * header.height, header.width, header.height) for header in headers)
    shown = (sizes[0], median_high(sizes), sizes[-1]) if sizes else ()
    return FolderSummary(
        name=name,
        count=len(files),
        bytes=sum(file.bytes for file in files),
        kinds=dict(kinds.most_common()),
        values=tuple(used.describe() for used in joined_values(file.used for file in files)),
        sizes=tuple((width, height) for _, width, height in shown),
    )
