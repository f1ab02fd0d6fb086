"""What can be looked at: input images, and what each run made of them and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from PIL import Image

from i2ikit.files import read_json
from i2ikit.report.grids import Grid, cell, evenly_spaced, find_grids
from i2ikit.report.image_store import Images, read_image
from i2ikit.report.naming import column_words, expression_path
from i2ikit.report.objective import mapping
from i2ikit.report.record import RunRecord

OVER_TIME = 12e6  # pixels that all samples of earlier steps share in a page
AT_THE_END = 48e6  # pixels that all other images share, about 25 MB
MOST = 1024 * 1024  # pixels of one image in a page
ALIKE = 16  # mean difference in 0..255 of two inputs, 8 by 8 pixels, that are still the same image

Frames = list[tuple[int, int]]  # step and number of the image


@dataclass
class Item:
    """One input.

    Attributes:
        domain: it comes from.
        name: of the image, its last folder included.
        input: number of the image.
        size: width and height in pixels.
        truth: number of the image that the output should be, where it is known.
        images: for each run, by word ("output", "reconstruction", ...), what was made of it after which step.
        values: for each run, figures of its output by measure.
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
    """All items, and what the figures of images are: ``label`` and ``better`` by measure."""

    items: list[Item] = field(default_factory=list)
    measures: dict[str, dict[str, str]] = field(default_factory=dict)


def make_album(records: Sequence[RunRecord], images: Images) -> Album:
    """Return the samples and test images of runs, those of one input together.

    Inputs are the same if they have the same name and look alike; so runs over equally named folders stay apart.
    """
    collector = _Collector(images, len(records))
    grids = [evenly_spaced(find_grids(record.path / "samples")) for record in records]
    galleries = [read_gallery(record.path / "samples" / "gallery") for record in records]
    cells = sum(len(found) * len(found[-1].columns) * found[-1].rows for found in grids if found)
    collector.over_time = OVER_TIME / max(1, cells)
    kept = sum(3 * len(gallery.get("items", ())) for gallery in galleries)
    collector.at_the_end = min(MOST, AT_THE_END / max(1, kept))
    for run, (record, found, gallery) in enumerate(zip(records, grids, galleries, strict=True)):
        collector.add_grids(run, found, mapping(mapping(record.config.get("model")).get("generators")))
        collector.add_gallery(run, record.path / "samples" / "gallery", gallery)
    return collector.album


def read_gallery(folder: Path) -> Mapping[str, Any]:
    """Return what ``gallery.json`` says, or nothing where it is missing or not what it should be."""
    found = read_json(folder / "gallery.json")
    fine = isinstance(found, dict) and isinstance(found.get("items"), list) and isinstance(found.get("step"), int)
    return found if fine else {}


class _Collector:
    """Brings runs together, item by item."""

    def __init__(self, images: Images, runs: int) -> None:
        self.images, self.runs, self.album = images, runs, Album()
        self.over_time = self.at_the_end = float(MOST)
        self._places: dict[tuple[str, str], list[tuple[bytes, Item]]] = {}

    def add_grids(self, run: int, grids: Sequence[Grid], generators: Mapping[str, Any]) -> None:
        """Add the grids of a run, oldest first; those whose image is damaged are left out."""
        read = ((grid, read_image(grid.path)) for grid in grids)
        whole = [(grid, image) for grid, image in read if image is not None]
        if not whole:
            return
        last, newest = whole[-1]
        paths = [expression_path(column, set(generators)) for column in last.columns]
        words = distinct(column_words(last.columns, generators), last.columns)
        for row in range(last.rows):
            inputs = {
                domain: self.item(
                    domain, last.name(row, domain) or f"sample {row + 1}", cell(newest, last, row, i), MOST
                )
                for i, (domain, applied) in enumerate(paths)
                if not applied
            }
            for column, (domain, applied) in enumerate(paths):
                if applied and domain in inputs:
                    frames = inputs[domain].images[run].setdefault(words[column], [])
                    frames += [
                        (grid.step, self.images.add(cell(image, grid, row, column), self._share(grid is last)))
                        for grid, image in whole
                    ]

    def _share(self, last: bool) -> float:
        """Return how many pixels a sample may have in the page."""
        return MOST if last else self.over_time

    def add_gallery(self, run: int, folder: Path, gallery: Mapping[str, Any]) -> None:
        """Add the test images of a run; what is damaged is left out."""
        domain = str(gallery.get("generator", "ab"))[:1]
        for name, measure in mapping(gallery.get("measures")).items():
            self.album.measures.setdefault(name, {str(key): str(value) for key, value in mapping(measure).items()})
        for index, entry in enumerate(gallery.get("items", ())):
            entry = mapping(entry)
            image = read_image(folder / str(entry.get("input")))
            output = self.images.add_file(folder / str(entry.get("output")), self.at_the_end)
            if image is None or output is None:
                continue
            name = str(entry.get("name") or f"sample {index + 1}")
            item = self.item(domain, name, image, self.at_the_end, folder / str(entry["input"]))
            frames = item.images[run].setdefault("output", [])
            frames[:] = [frame for frame in frames if frame[0] != gallery["step"]] + [(gallery["step"], output)]
            item.values[run] = {
                str(key): float(value)
                for key, value in mapping(entry.get("values")).items()
                if isinstance(value, int | float)
            }
            if item.truth is None and "truth" in entry:
                item.truth = self.images.add_file(folder / str(entry["truth"]), self.at_the_end)

    def item(self, domain: str, name: str, image: Image.Image, pixels: float, path: Path | None = None) -> Item:
        """Return the item of an input, a new one if none of its name looks like it."""
        name, looks = "/".join(PurePath(name.replace("\\", "/")).parts[-2:]), look(image)
        for other, item in self._places.setdefault((domain, name), []):
            if sum(abs(x - y) for x, y in zip(looks, other, strict=True)) <= ALIKE * len(looks):
                return item
        number = None if path is None else self.images.add_file(path, pixels)
        item = Item(domain, name, self.images.add(image, pixels) if number is None else number, image.size)
        item.images, item.values = [{} for _ in range(self.runs)], [{} for _ in range(self.runs)]
        self._places[domain, name].append((looks, item))
        self.album.items.append(item)
        return item


def look(image: Image.Image) -> bytes:
    """Return 64 levels of gray by which two versions of an image are known to be the same, whatever their size."""
    return image.convert("L").resize((8, 8), Image.Resampling.BOX).tobytes()


def distinct(words: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Return the words of columns, with their expression where two columns of one domain have the same."""
    domains = [expression_path(column, set())[0] for column in columns]
    pairs = list(zip(words, domains, strict=True))
    return [
        word if pairs.count((word, domain)) == 1 else f"{word} {column}"
        for (word, domain), column in zip(pairs, columns, strict=True)
    ]
