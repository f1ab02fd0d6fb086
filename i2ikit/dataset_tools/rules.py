"""What `data check` looks for: unreadable files, duplicates, odd ones out, missing and swapped domains."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from i2ikit.dataset_tools.perceptual_hash import similar_pairs
from i2ikit.dataset_tools.scan import Scan, ScannedFile
from i2ikit.datasets.sources import folder_advice
from i2ikit.errors import counted
from i2ikit.images.formats.base import Header
from i2ikit.images.planes import own_range
from i2ikit.images.values import joined_values, proposed_setting

LEVELS = ("problem", "warning", "note")
LISTED = 20  # unreadable files named in a message
LONG = 1.5  # ratio of the sides from which a resize to a square distorts visibly
GRAY, COLOR = (1, 2), (3, 4)  # channels that can be converted into each other
FEWEST = 8  # images of a folder that are enough to compare mean colors
CLEARLY = 2.0  # swapped folders have to be this many times nearer
Group = tuple[ScannedFile, ...]


@dataclass(frozen=True)
class DataIssue:
    """One result of a check.

    Attributes:
        level: ``"problem"``: training or measuring will fail or mean nothing; ``"warning"``: probably not intended;
            ``"note"``: for information.
        kind: one word for scripts, such as ``"corrupt"``.
        message: a sentence.
        groups: paths relative to the root; the files of one group belong together, such as duplicates.
    """

    level: str
    kind: str
    message: str
    groups: tuple[tuple[str, ...], ...] = ()


def find_unreadable(scan: Scan) -> Iterator[DataIssue]:
    """Find folders and files that cannot be read, and files that are not images."""
    if scan.unlisted:
        listed = "".join(f"\n    {message}" for message in scan.unlisted)
        message = f"{counted(len(scan.unlisted), 'folder')} cannot be listed; what is in there is not checked:{listed}"
        yield DataIssue("problem", "unlisted", message)
    bad = [file for file in scan.files if file.error]
    if bad:
        listed = "".join(f"\n    {file.error}" for file in bad[:LISTED])
        more = f"\n    and {len(bad) - LISTED} more" if len(bad) > LISTED else ""
        message = f"{counted(len(bad), 'file')} cannot be read:{listed}{more}"
        yield DataIssue("problem", "corrupt", message, _groups_of_one(bad))
    for folder, count in scan.other_files.items():
        message = f"{counted(count, 'file')} in {folder} skipped: not images by their extensions"
        yield DataIssue("note", "other-files", message)


def find_layout(scan: Scan) -> Iterator[DataIssue]:
    """Find missing domains, and domains of unequal size."""
    splits = scan.splits()
    if not splits:
        advice = folder_advice(scan.root) or " Other names: `--data-a DIR --data-b DIR`."
        yield DataIssue("note", "layout", f"one folder of images; training needs two: trainA and trainB.{advice}")
        return
    for split, domains in splits.items():
        if len(domains) == 2 and len(domains["A"]) != len(domains["B"]):
            counts = {letter: len(files) for letter, files in domains.items()}
            message = f"{split}: {counted(counts['A'], 'image')} of A and {counts['B']:,} of B"
            if split == "train":
                message += f"; an epoch has {counted(max(counts.values()), 'item')} unless data.train.length is set"
            yield DataIssue("note", "unequal", message)
        for letter in "AB":
            if letter not in domains:
                level = "problem" if split == "train" else "note"
                yield DataIssue(level, "missing-domain", f"the folder {split}{letter} is missing or has no images")
    if "train" not in splits:
        yield DataIssue("note", "layout", "no training images: trainA and trainB are missing")
    if "test" not in splits:
        yield DataIssue("note", "layout", "no test images: testA is missing, so no samples or metrics will be made")


def find_odd_images(scan: Scan, load_size: int) -> Iterator[DataIssue]:
    """Find images that differ from the others, or that a resize to a square distorts.

    Args:
        scan: all files.
        load_size: pixels, height and width of the training transform's resize.
    """
    readable = _readable(scan.files)
    channels = Counter(header.channels for _, header in readable)
    if len(channels) > 1 and max(channels) > max(COLOR):
        message = f"the images differ in their channels: {_counts(channels)}. Training needs one number of channels"
        yield DataIssue("problem", "channels", message)
    for folder, files in scan.folders.items():
        headers = _readable(files)
        yield from _mixed(folder, headers)
        yield from _elongated(folder, headers, load_size)
        yield from _same_stems(folder, files)
    small = [file for file, header in readable if min(header.width, header.height) < load_size / 2]
    if small:
        message = (
            f"{len(small):,} of {counted(len(readable), 'image')} smaller than half of {load_size} pixels, to be "
            "enlarged; consider a smaller data.load_size and data.crop_size"
        )
        yield DataIssue("note", "small", message, _groups_of_one(small) if len(small) < len(readable) else ())


def find_narrow_ranges(scan: Scan) -> Iterator[DataIssue]:
    """Find domains whose images use less than half of the range of their data type, as 12-bit images in 16 bits do."""
    files: dict[str, list[ScannedFile]] = defaultdict(list)
    for folder, found in scan.folders.items():
        files[folder[-1].lower() if scan.splits() else ""] += found
    types = {domain: joined_values(file.used for file in found) for domain, found in files.items()}
    ranges = {domain: used[0] for domain, used in sorted(types.items()) if len(used) == 1}
    setting = proposed_setting(ranges, {domain: own_range(used.dtype) for domain, used in ranges.items()})
    if setting:
        shown = "; ".join(f"{domain} {used.describe()}".strip() for domain, used in ranges.items())
        message = (
            f"less than half of the range of values is used ({shown}): networks see dark, flat images. "
            f'Train with `--set "data.value_range={setting}"`'
        )
        yield DataIssue("warning", "narrow-range", message)


def find_duplicates(scan: Scan) -> Iterator[DataIssue]:
    """Find duplicate files and images that look alike: within a folder, across domains, across training and test."""
    if any(
        len(domains) == 2 and {file.sha256 for file in domains["A"]} == {file.sha256 for file in domains["B"]}
        for domains in scan.splits().values()
    ):
        yield DataIssue("problem", "identical-domains", "both domains have the same images: there is nothing to learn")
        return
    by_hash: dict[str, list[ScannedFile]] = defaultdict(list)
    for file in scan.files:
        if file.sha256 and file.bytes:
            by_hash[file.sha256].append(file)
    equal = [tuple(group) for group in by_hash.values() if len(group) > 1]
    yield from _duplicate_issues(equal, "duplicates", "duplicate files")
    copies = {group[0].path: group for group in equal}
    repeated = {file.path for group in equal for file in group[1:]}
    single = [file for file in scan.files if file.look is not None and file.path not in repeated]
    pairs = similar_pairs([file.look for file in single if file.look is not None])
    alike = [
        tuple(copy for file in group for copy in copies.get(file.path, (file,)))
        for group in _connected([(single[i], single[j]) for i, j in pairs])
    ]
    yield from _duplicate_issues(alike, "near-duplicates", "near-duplicate images")


def find_swaps(scan: Scan) -> Iterator[DataIssue]:
    """Find test folders whose mean colors are clearly those of the other domain's training images."""
    splits = scan.splits()
    train = splits.get("train", {})
    for split, domains in splits.items():
        if split == "train" or len(train) < 2 or len(domains) < 2:
            continue
        colors = [_mean_colors(files) for files in (train["A"], train["B"], domains["A"], domains["B"])]
        train_a, train_b, a, b = colors
        if train_a is None or train_b is None or a is None or b is None:
            continue
        as_named = _rms(train_a - a) + _rms(train_b - b)
        swapped = _rms(train_a - b) + _rms(train_b - a)
        if swapped * CLEARLY < as_named:
            message = (
                f"the domains look swapped: {split}A has the colors of trainB, and {split}B those of trainA "
                f"(distance {swapped:.3g} swapped, {as_named:.3g} as named)"
            )
            yield DataIssue("problem", "swapped", message)


def _mixed(folder: str, headers: Sequence[tuple[ScannedFile, Header]]) -> Iterator[DataIssue]:
    gray = [file for file, header in headers if header.channels in GRAY]
    if gray and len(gray) < len(headers):
        message = f"gray images among others in {folder}: {len(gray):,} of {len(headers):,}"
        yield DataIssue("warning", "mixed-gray", message, _groups_of_one(gray))
    depths = Counter(header.bits for _, header in headers)
    if len(depths) > 1:
        message = f"the images of {folder} differ in their bits per channel: {_counts(depths)}"
        yield DataIssue("warning", "mixed-depth", message)
    animated = [file for file, header in headers if header.frames > 1]
    if animated:
        most = max(header.frames for _, header in headers)
        message = (
            f"{counted(len(animated), 'image')} of {folder} with several frames or pages, up to {most}: only the first "
            "is used (a TIFF with data.channels pages: all, as channels)"
        )
        yield DataIssue("note", "frames", message, _groups_of_one(animated))


def _elongated(folder: str, headers: Sequence[tuple[ScannedFile, Header]], load_size: int) -> Iterator[DataIssue]:
    ratios = [max(header.width, header.height) / min(header.width, header.height) for _, header in headers]
    long = [file for (file, _), ratio in zip(headers, ratios, strict=True) if ratio >= LONG]
    if long:
        message = (
            f"{len(long):,} of {counted(len(headers), 'image')} of {folder} at least {LONG:g} times as long as wide, "
            f"up to {max(ratios):.3g}; a resize to {load_size}x{load_size} distorts them"
        )
        yield DataIssue("warning", "aspect", message, _groups_of_one(long))


def _same_stems(folder: str, files: Sequence[ScannedFile]) -> Iterator[DataIssue]:
    stems: dict[str, list[str]] = defaultdict(list)
    for file in files:
        stems[os.path.splitext(file.path)[0]].append(file.path)
    same = tuple(tuple(group) for group in stems.values() if len(group) > 1)
    if same:
        message = f"{counted(len(same), 'name')} in {folder} with several extensions; their outputs could collide"
        yield DataIssue("note", "same-names", message, same)


def _duplicate_issues(groups: Iterable[Group], kind: str, what: str) -> Iterator[DataIssue]:
    """Yield a warning for the groups that span training and test, one for those that span domains, one for the rest."""
    where = {
        "-train-and-test": "in training and test: metrics on them are too good",
        "-both-domains": "in both domains",
        "": "within a folder",
    }
    sorts: dict[str, list[Group]] = {sort: [] for sort in where}
    for group in groups:
        folders = {file.folder for file in group}
        split = len({folder[:-1] for folder in folders}) > 1
        sorts["-train-and-test" if split else "-both-domains" if len(folders) > 1 else ""].append(group)
    for sort, members in sorts.items():
        if members:
            message = f"{counted(len(members), 'group')} of {what} {where[sort]}"
            paths = tuple(tuple(file.path for file in group) for group in members)
            yield DataIssue("warning", kind + sort, message, paths)


def _connected(pairs: Iterable[tuple[ScannedFile, ScannedFile]]) -> list[Group]:
    """Return groups of images of which each looks like another one of its group."""
    group_of: dict[str, list[ScannedFile]] = {}
    for one, other in pairs:
        ours, theirs = (group_of.setdefault(file.path, [file]) for file in (one, other))
        if ours is not theirs:
            ours += theirs
            for file in theirs:
                group_of[file.path] = ours
    return [tuple(group) for group in {id(group): group for group in group_of.values()}.values()]


def _readable(files: Iterable[ScannedFile]) -> list[tuple[ScannedFile, Header]]:
    return [(file, file.header) for file in files if file.header is not None and not file.error]


def _mean_colors(files: Sequence[ScannedFile]) -> NDArray[np.float64] | None:
    colors = [file.look.colors for file in files if file.look is not None]
    return np.mean(colors, axis=0, dtype=np.float64) if len(colors) >= FEWEST else None


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.square(values).mean()))


def _counts(counter: Counter[int]) -> str:
    return ", ".join(f"{count} with {value}" for value, count in sorted(counter.items()))


def _groups_of_one(files: Iterable[ScannedFile]) -> tuple[tuple[str, ...], ...]:
    return tuple((file.path,) for file in files)
