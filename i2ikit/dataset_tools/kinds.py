"""Whether the images of a folder are of one kind, and of one that the transform takes well."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from i2ikit.dataset_tools.findings import Finding, plural, singly
from i2ikit.dataset_tools.survey import Seen, Survey
from i2ikit.images.headers import Header

MUCH = 1.5  # an image that is this many times longer than wide looks squeezed as a square
GRAY, COLOR = (1, 2), (3, 4)  # channels that become each other


def find_unreadable(found: Survey) -> Iterator[Finding]:
    """Find files that cannot be read, and those that are no images."""
    bad = [seen for seen in found.files if seen.error]
    if bad:
        listed = "".join(f"\n    {seen.error}" for seen in bad[:20])
        more = f"\n    and {len(bad) - 20} more" if len(bad) > 20 else ""
        message = f"{plural(len(bad), 'file')} cannot be read:{listed}{more}"
        yield Finding("problem", "corrupt", message, singly(seen.place for seen in bad))
    for folder, count in found.strays.items():
        message = f"{plural(count, 'file')} in {folder} left out: not images by their extensions"
        yield Finding("note", "strays", message)


def find_kinds(found: Survey, load_size: int) -> Iterator[Finding]:
    """Find images that do not go together with the others, or with a resize to a square.

    Args:
        found: all files.
        load_size: pixels, height and width of the training transform's resize.
    """
    channels = {seen.place: header.channels for seen, header in _readable(found.files)}
    deep = sorted({count for count in channels.values() if count > max(COLOR)})
    if deep and len(set(channels.values())) > 1:
        listed = ", ".join(f"{number} with {count}" for count, number in sorted(Counter(channels.values()).items()))
        yield Finding("problem", "channels", f"the images differ in their channels: {listed}. Training takes one kind")
    for folder in found.folders():
        headers = _readable(found.of(folder))
        yield from _mixed(folder, headers)
        yield from _shapes(folder, headers, load_size)
        yield from _stems(folder, found.of(folder))
    yield from _small(found, load_size)


def find_layout(found: Survey) -> Iterator[Finding]:
    """Find domains without a partner, and say what an epoch takes where they differ in size."""
    splits = found.splits()
    if not splits:
        yield Finding("note", "layout", "one folder of images: for training, put two side by side as trainA and trainB")
        return
    for split, domains in splits.items():
        if len(domains) == 2 and len(domains["A"]) != len(domains["B"]):
            counts = {letter: len(files) for letter, files in domains.items()}
            message = f"{split}: {counts['A']:,} images of A and {counts['B']:,} of B"
            if split == "train":
                message += f"; an epoch takes {max(counts.values()):,} items unless data.train.length says otherwise"
            yield Finding("note", "unequal", message)
        for letter in "AB":
            if letter not in domains:
                grave = "problem" if split == "train" else "note"
                yield Finding(grave, "missing-domain", f"there is no {split}{letter}, or no image in it")
    if "train" not in splits:
        yield Finding("note", "layout", "there is nothing to train on: no trainA, no trainB")
    if "test" not in splits:
        yield Finding("note", "layout", "there is nothing to test on: no testA; nothing will be shown or measured")


def _readable(files: Sequence[Seen]) -> list[tuple[Seen, Header]]:
    return [(seen, seen.header) for seen in files if seen.header is not None and not seen.error]


def _mixed(folder: str, headers: Sequence[tuple[Seen, Header]]) -> Iterator[Finding]:
    gray = [seen.place for seen, header in headers if header.channels in GRAY]
    if gray and len(gray) < len(headers):
        message = f"{len(gray):,} of {len(headers):,} images of {folder} are gray, the others are not"
        yield Finding("warning", "mixed-gray", message, singly(gray))
    depths = Counter(header.bits for _, header in headers)
    if len(depths) > 1:
        listed = ", ".join(f"{number} with {bits}" for bits, number in sorted(depths.items()))
        yield Finding("warning", "mixed-depth", f"the images of {folder} differ in their bits a channel: {listed}")
    moving = [seen.place for seen, header in headers if header.frames > 1]
    if moving:
        message = f"{plural(len(moving), 'image')} of {folder} with several frames or pages: the first is taken"
        yield Finding("note", "frames", message, singly(moving))


def _shapes(folder: str, headers: Sequence[tuple[Seen, Header]], load_size: int) -> Iterator[Finding]:
    def aspect(header: Header) -> float:
        return max(header.width, header.height) / min(header.width, header.height)

    long = [seen.place for seen, header in headers if aspect(header) >= MUCH]
    if long:
        worst = max(aspect(header) for _, header in headers)
        message = (
            f"{len(long):,} of {len(headers):,} images of {folder} are at least {MUCH:g} times as long as wide, up "
            f"to {worst:.3g}; a resize to {load_size}x{load_size} squeezes them"
        )
        yield Finding("warning", "aspect", message, singly(long))


def _small(found: Survey, load_size: int) -> Iterator[Finding]:
    headers = _readable(found.files)
    small = [seen.place for seen, header in headers if min(header.width, header.height) < load_size / 2]
    if small:
        message = (
            f"{len(small):,} of {len(headers):,} images are less than half as large as {load_size} pixels and will "
            "be blown up; think of a smaller data.load_size and data.crop_size"
        )
        yield Finding("note", "small", message, singly(small) if len(small) < len(headers) else ())


def _stems(folder: str, files: Sequence[Seen]) -> Iterator[Finding]:
    groups: dict[str, list[str]] = defaultdict(list)
    for seen in files:
        groups[os.path.splitext(seen.place)[0]].append(seen.place)
    same = tuple(tuple(group) for group in groups.values() if len(group) > 1)
    if same:
        message = (
            f"{plural(len(same), 'name')} in {folder} with several extensions; outputs in one format would collide"
        )
        yield Finding("note", "same-names", message, same)
