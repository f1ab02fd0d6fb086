"""The images of a report: inputs, and what each run made of them after which step."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from PIL import Image

from i2ikit.report.page_images import PageImages, read_image
from i2ikit.report.record import RunRecord, as_number, is_step, mapping
from i2ikit.report.run_files import RunFiles

INDEX = "index.json"
MOST_STEPS = 24  # of the samples of a run
MOST_ITEMS = 10_000  # of one step
MOST_ALIKE = 20  # images of one name that are compared
OVER_TIME = 12e6  # pixels of all samples of earlier steps together
AT_THE_END = 48e6  # pixels of all samples of last steps together, about 25 MB
MOST = 1024 * 1024  # pixels of one image
ALIKE = 16  # mean difference in 0..255 of two inputs, 8 by 8 pixels, that still count as the same image

TARGETS = ("truth", "real")  # images of the target domain, which no run made
Frames = list[tuple[int, int]]  # step and number of the image


@dataclass
class Item:
    """One input.

    Attributes:
        domain: of the input.
        name: of the image, its last folder included.
        input: number of the image.
        size: width and height in pixels.
        truth: number of the image that the output should be, if it is known.
        real: number of some image of the target domain, if there is no truth.
        images: for each run, by name ("output", "reconstruction", ...), what was made of it after which step.
        values: for each run, values of its output by measure.
    """

    domain: str
    name: str
    input: int
    size: tuple[int, int]
    truth: int | None = None
    real: int | None = None
    images: list[dict[str, Frames]] = field(default_factory=list)
    values: list[dict[str, float]] = field(default_factory=list)


@dataclass
class Album:
    """All items, and ``label`` and ``better`` of each measure of single images."""

    items: list[Item] = field(default_factory=list)
    measures: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def has_samples(self) -> bool:
        """Whether a run made an image of any item."""
        return any(any(item.images) for item in self.items)

    @property
    def measured(self) -> int:
        """How many items have values of their own."""
        return sum(any(item.values) for item in self.items)


@dataclass(frozen=True)
class _Folder:
    """A folder of images as its index describes it: only what has the right form, and files that may be read."""

    step: int
    items: list["_Entry"]
    measures: dict[str, dict[str, str]]

    def count(self) -> int:
        return sum(len(item.images) for item in self.items)


@dataclass(frozen=True)
class _Entry:
    domain: str
    name: str
    images: dict[str, Path]
    values: dict[str, float]


def make_album(records: Sequence[RunRecord], images: PageImages) -> Album:
    """Return the samples of runs, grouped by input.

    Inputs are the same if they have the same name and look alike, so different images of equal names are kept apart.
    """
    collector = _Collector(images, len(records))
    samples = [read_samples(record.files) for record in records]
    earlier = OVER_TIME / max(1, sum(folder.count() for found in samples for folder in found[:-1]))
    at_the_end = min(MOST, AT_THE_END / max(1, sum(folder.count() for found in samples for folder in found[-1:])))
    for run, found in enumerate(samples):
        for folder in reversed(found):
            collector.add(run, folder, at_the_end if folder is found[-1] else earlier)
    return collector.album


def read_samples(files: RunFiles) -> list[_Folder]:
    """Return the folders of at most 24 steps, evenly spaced, the first and the last among them."""
    paths = [path for path in (files.folder / "samples").glob("step_*") if (path / INDEX).exists()]
    paths.sort(key=lambda path: (len(path.name), path.name))  # by number
    if len(paths) > MOST_STEPS:
        paths = [paths[round(index * (len(paths) - 1) / (MOST_STEPS - 1))] for index in range(MOST_STEPS)]
    return [folder for folder in (read_folder(files, path) for path in paths) if folder is not None]


def read_folder(files: RunFiles, path: Path) -> _Folder | None:
    """Return a folder of images, or None if its index is missing or damaged."""
    index = mapping(files.read_json(path / INDEX))
    if not (isinstance(index.get("items"), list) and is_step(index.get("step"))):
        return None
    entries = (_read_entry(files, path, mapping(entry)) for entry in index["items"][:MOST_ITEMS])
    measures = {name: _texts(about) for name, about in mapping(index.get("measures")).items()}
    return _Folder(index["step"], [entry for entry in entries if entry is not None], measures)


def _read_entry(files: RunFiles, folder: Path, entry: Mapping[str, Any]) -> _Entry | None:
    """Return an entry of an index, or None if it has no input that may be read."""
    domain, name = entry.get("domain"), entry.get("name")
    images = {kind: files.find(folder / file) for kind, file in _texts(entry.get("images")).items()}
    found = {kind: path for kind, path in images.items() if path is not None}
    if not (isinstance(domain, str) and isinstance(name, str) and "input" in found):
        return None
    values = {kind: as_number(value) for kind, value in mapping(entry.get("values")).items()}
    finite = {kind: value for kind, value in values.items() if value is not None and math.isfinite(value)}
    return _Entry(domain, name, found, finite)


def _texts(value: Any) -> dict[str, str]:
    """Return the texts of a mapping."""
    return {key: text for key, text in mapping(value).items() if isinstance(text, str)}


class _Collector:
    """Groups the images of runs by input."""

    def __init__(self, images: PageImages, runs: int) -> None:
        self.images, self.runs, self.album = images, runs, Album()
        self._known: dict[tuple[str, str], list[tuple[bytes, Item]]] = {}
        self._inputs: dict[Path, tuple[tuple[int, int], bytes] | None] = {}

    def add(self, run: int, folder: _Folder, pixels: float) -> None:
        """Add the images of a folder, the newest folder first; damaged files are left out."""
        self.album.measures |= folder.measures
        for entry in folder.items:
            item = self.item(entry, pixels)
            if item is None:
                continue
            for name, path in entry.images.items():
                if name in TARGETS:
                    if getattr(item, name) is None:
                        setattr(item, name, self.images.add(path, pixels))
                elif name != "input":
                    self._add_frame(item.images[run], name, folder.step, self.images.add(path, pixels))
            if item.images[run].get("output"):
                item.values[run] = item.values[run] or entry.values

    @staticmethod
    def _add_frame(images: dict[str, Frames], name: str, step: int, number: int | None) -> None:
        """Put an image before those of later steps, unless it is damaged or a short domain started again."""
        frames = images.get(name, [])
        if number is not None and not any(known == step for known, _ in frames):
            images[name] = [(step, number), *frames]

    def item(self, entry: _Entry, pixels: float) -> Item | None:
        """Return the item of an input, a new one if none of its name looks like it; None if it cannot be read."""
        path = entry.images["input"]
        if path not in self._inputs:
            image = read_image(path)
            self._inputs[path] = None if image is None else (image.size, make_thumbnail(image))
        seen = self._inputs[path]
        if seen is None:
            return None
        (size, thumbnail), domain = seen, entry.domain
        name = "/".join(PurePath(entry.name.replace("\\", "/")).parts[-2:])
        for other, item in self._known.setdefault((domain, name), [])[:MOST_ALIKE]:
            if sum(abs(x - y) for x, y in zip(thumbnail, other, strict=True)) <= ALIKE * len(thumbnail):
                return item
        number = self.images.add(path, pixels)
        if number is None:  # the page has too many images
            return None
        item = Item(domain, name, number, size)
        item.images, item.values = [{} for _ in range(self.runs)], [{} for _ in range(self.runs)]
        self._known[domain, name].append((thumbnail, item))
        self.album.items.append(item)
        return item


def make_thumbnail(image: Image.Image) -> bytes:
    """Return 8 by 8 gray levels, by which two versions of an image are recognized whatever their size."""
    return image.convert("L").resize((8, 8), Image.Resampling.BOX).tobytes()
