"""The images of a report: inputs, and what each run made of them after which step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from PIL import Image

from i2ikit.files import read_json
from i2ikit.report.page_images import PageImages, read_image
from i2ikit.report.record import RunRecord

MOST_STEPS = 24  # of the samples of a run
OVER_TIME = 12e6  # pixels of all samples of earlier steps together
AT_THE_END = 48e6  # pixels of all samples of last steps together, about 25 MB
MOST = 1024 * 1024  # pixels of one image
ALIKE = 16  # mean difference in 0..255 of two inputs, 8 by 8 pixels, that still count as the same image

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
        images: for each run, by name ("output", "reconstruction", ...), what was made of it after which step.
        values: for each run, values of its output by measure.
    """

    domain: str
    name: str
    input: int
    size: tuple[int, int]
    truth: int | None = None
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
    """A folder of images as its index describes it."""

    path: Path
    step: int
    items: list[dict[str, Any]]
    measures: Mapping[str, dict[str, str]]

    def count(self) -> int:
        return sum(len(item["images"]) for item in self.items)


def make_album(records: Sequence[RunRecord], images: PageImages) -> Album:
    """Return the samples of runs, grouped by input.

    Inputs are the same if they have the same name and look alike, so different images of equal names are kept apart.
    """
    collector = _Collector(images, len(records))
    samples = [read_samples(record.path / "samples") for record in records]
    earlier = OVER_TIME / max(1, sum(folder.count() for found in samples for folder in found[:-1]))
    at_the_end = min(MOST, AT_THE_END / max(1, sum(folder.count() for found in samples for folder in found[-1:])))
    for run, found in enumerate(samples):
        for folder in reversed(found):
            collector.add(run, folder, at_the_end if folder is found[-1] else earlier)
    return collector.album


def read_samples(samples: Path) -> list[_Folder]:
    """Return the folders of at most 24 steps, evenly spaced, the first and the last among them."""
    found = (read_folder(path) for path in samples.glob("step_*/"))
    folders = sorted((folder for folder in found if folder is not None), key=lambda folder: folder.step)
    if len(folders) <= MOST_STEPS:
        return folders
    return [folders[round(index * (len(folders) - 1) / (MOST_STEPS - 1))] for index in range(MOST_STEPS)]


def read_folder(path: Path) -> _Folder | None:
    """Return a folder of images, or None if its index is missing or damaged."""
    index = read_json(path / "index.json")
    if not (isinstance(index, dict) and isinstance(index.get("items"), list) and isinstance(index.get("step"), int)):
        return None
    return _Folder(path, index["step"], index["items"], index.get("measures", {}))


class _Collector:
    """Groups the images of runs by input."""

    def __init__(self, images: PageImages, runs: int) -> None:
        self.images, self.runs, self.album = images, runs, Album()
        self._known: dict[tuple[str, str], list[tuple[bytes, Item]]] = {}

    def add(self, run: int, folder: _Folder, pixels: float) -> None:
        """Add the images of a folder, the newest folder first; damaged files are left out."""
        self.album.measures |= folder.measures
        for entry in folder.items:
            item = self.item(entry["domain"], entry["name"], folder.path / entry["images"]["input"], pixels)
            if item is None:
                continue
            for name, file in entry["images"].items():
                frames = item.images[run].get(name, [])
                repeated = any(step == folder.step for step, _ in frames)  # a short domain starts again
                if name == "input" or repeated or (name == "truth" and item.truth is not None):
                    continue
                number = self.images.add(folder.path / file, pixels)
                if name == "truth":
                    item.truth = number
                elif number is not None:
                    item.images[run][name] = [(folder.step, number), *frames]
            if "output" in item.images[run]:
                item.values[run] = item.values[run] or entry.get("values", {})

    def item(self, domain: str, name: str, path: Path, pixels: float) -> Item | None:
        """Return the item of an input, a new one if none of its name looks like it; None if it cannot be read."""
        image = read_image(path)
        if image is None:
            return None
        name, thumbnail = "/".join(PurePath(name.replace("\\", "/")).parts[-2:]), make_thumbnail(image)
        for other, item in self._known.setdefault((domain, name), []):
            if sum(abs(x - y) for x, y in zip(thumbnail, other, strict=True)) <= ALIKE * len(thumbnail):
                return item
        number = self.images.add(path, pixels)
        assert number is not None, "the image was read"
        item = Item(domain, name, number, image.size)
        item.images, item.values = [{} for _ in range(self.runs)], [{} for _ in range(self.runs)]
        self._known[domain, name].append((thumbnail, item))
        self.album.items.append(item)
        return item


def make_thumbnail(image: Image.Image) -> bytes:
    """Return 8 by 8 gray levels, by which two versions of an image are recognized whatever their size."""
    return image.convert("L").resize((8, 8), Image.Resampling.BOX).tobytes()
