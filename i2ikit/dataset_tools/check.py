"""Everything that is to be said about a folder of images before a model is trained on it."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from i2ikit.checks import one_of
from i2ikit.dataset_tools.duplicates import find_duplicates
from i2ikit.dataset_tools.findings import LEVELS, Finding, plural, singly
from i2ikit.dataset_tools.kinds import find_kinds, find_layout, find_unreadable
from i2ikit.dataset_tools.published import PUBLISHED, published_hashes, recognize
from i2ikit.dataset_tools.survey import Seen, Survey, survey
from i2ikit.dataset_tools.swaps import find_swaps


@dataclass(frozen=True)
class FolderFacts:
    """What a folder holds.

    Attributes:
        name: below the root; "." for the root itself.
        count, bytes: of its images.
        kinds: how many there are of each format, color model and depth, such as ``"JPEG RGB 8 bit"``.
        sizes: smallest, median and largest (width, height), by the number of pixels; empty where nothing can be read.
    """

    name: str
    count: int
    bytes: int
    kinds: dict[str, int]
    sizes: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Inspection:
    """What a check came to.

    Attributes:
        root: the folder.
        folders: what each holds.
        findings: the gravest first.
        published: the published set that the files were compared with; None for none.
    """

    root: Path
    folders: tuple[FolderFacts, ...]
    findings: tuple[Finding, ...]
    published: str | None

    def count(self, level: str) -> int:
        """Return how many findings have a level."""
        return sum(finding.level == level for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            "root": str(self.root),
            "ok": not self.count("problem"),
            "published": self.published,
            "folders": [vars(folder) for folder in self.folders],
            "findings": [vars(finding) for finding in self.findings],
        }


def check_folder(
    root: str | Path,
    *,
    load_size: int = 286,
    published: str | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> Inspection:
    """Look at every image of a data set.

    Args:
        root: holds trainA, trainB, testA and testB, or other pairs of folders that end with A and B, or images.
        load_size: pixels, height and width of the training transform's resize, >= 1.
        published: "horse2zebra" or "apple2orange", whose files these should be; None: either, if half of the names are
            theirs.
        tell: called with files done and files in all.

    Raises:
        DataError: there are no images.
        ValueError: no such published set is known.
    """
    if published is not None:
        one_of("published", published, PUBLISHED)
    found = survey(root, tell)
    names = {folder: {seen.name for seen in found.of(folder)} for folder in found.folders()}
    known = published or recognize(names)
    findings = [
        *find_unreadable(found),
        *find_layout(found),
        *find_kinds(found, load_size),
        *find_duplicates(found),
        *find_swaps(found),
        *(find_differences(found, known, asked=published is not None) if known else ()),
    ]
    facts = tuple(_facts(folder, found.of(folder)) for folder in found.folders())
    return Inspection(found.root, facts, tuple(sorted(findings, key=lambda each: LEVELS.index(each.level))), known)


def find_differences(found: Survey, name: str, *, asked: bool) -> Iterator[Finding]:
    """Compare each file with the published one.

    Args:
        found: all files.
        name: of the published set.
        asked: the user said that this should be the set, so a difference is a problem; else it is a warning.
    """
    meant = published_hashes(name)
    here = {(seen.folder, seen.name): seen for seen in found.files}
    grave = "problem" if asked else "warning"
    missing = [f"{folder}/{file}" for folder, file in meant if (folder, file) not in here]
    extra = [seen.place for place, seen in here.items() if place not in meant]
    changed = [seen.place for place, seen in here.items() if place in meant and seen.digits != meant[place]]
    for kind, files, what in (
        ("published-missing", missing, "are missing"),
        ("published-extra", extra, "are there that are not published"),
        ("published-changed", changed, "are not as published: resized, re-compressed or damaged"),
    ):
        if files:
            yield Finding(grave, kind, f"{name}: {plural(len(files), 'file')} {what}", singly(files))
    if not (missing or extra or changed):
        yield Finding("note", "published", f"{name}: all {len(meant):,} files are as published")


def _facts(name: str, files: Sequence[Seen]) -> FolderFacts:
    headers = [seen.header for seen in files if seen.header is not None]
    kinds = Counter(f"{header.format} {header.mode} {header.bits} bit" for header in headers)
    sizes = sorted(((header.width, header.height) for header in headers), key=lambda size: size[0] * size[1])
    middle = sizes.index(next(s for s in sizes if s[0] * s[1] >= median(a * b for a, b in sizes))) if sizes else 0
    three = (sizes[0], sizes[middle], sizes[-1]) if sizes else ()
    return FolderFacts(name, len(files), sum(seen.bytes for seen in files), dict(kinds.most_common()), three)
