"""Sample grids of a run: found, thinned, cut into their cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from i2ikit.files import read_json

MOST_GRIDS = 24


@dataclass(frozen=True)
class Grid:
    """One grid of samples: ``rows`` samples below each other, a column for each image expression.

    Attributes:
        path: the image.
        step: after which it was made.
        columns: image expressions.
        rows: samples.
        cell: width and height of one image in pixels.
        names: for each row the names of its images by domain; empty where the run did not write them.
    """

    path: Path
    step: int
    columns: tuple[str, ...]
    rows: int
    cell: tuple[int, int]
    names: tuple[dict[str, str], ...] = ()

    @property
    def layout(self) -> tuple[tuple[str, ...], int]:
        """What two grids must share to be shown in one place."""
        return self.columns, self.rows

    def name(self, row: int, domain: str) -> str:
        """Return the name of the image that a row begins with, or an empty string."""
        return self.names[row].get(domain, "") if row < len(self.names) else ""


def find_grids(samples: Path) -> list[Grid]:
    """Return the readable grids of a folder in the order of their steps; those laid out like the last one only."""
    found = (read_grid(path) for path in samples.glob("*.png"))
    grids = sorted((grid for grid in found if grid is not None), key=lambda grid: grid.step)
    return [grid for grid in grids if grid.layout == grids[-1].layout]


def read_grid(path: Path) -> Grid | None:
    """Read what ``step_000500.json`` says about ``step_000500.png``; None where one is missing or damaged."""
    said = read_json(path.with_suffix(".json"))
    try:
        width, height = map(int, said["size"])
        columns, rows = tuple(map(str, said["columns"])), int(said["rows"])
        names = tuple({str(key): str(value) for key, value in row.items()} for row in said.get("names", ()))
        fine = columns and rows > 0 and width > 0 and height > 0
        return Grid(path, int(said["step"]), columns, rows, (width, height), names) if fine else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def evenly_spaced(grids: Sequence[Grid], count: int = MOST_GRIDS) -> list[Grid]:
    """Return at most ``count`` (>= 2) of the grids, the first and the last among them, evenly spaced by their order."""
    if len(grids) <= count:
        return list(grids)
    return [grids[round(index * (len(grids) - 1) / (count - 1))] for index in range(count)]


def cell(image: Image.Image, grid: Grid, row: int, column: int) -> Image.Image:
    """Return one image of a grid; it is found in the middle of its equal part of the image."""
    width, height = grid.cell
    left = round((column + 0.5) * image.width / len(grid.columns) - width / 2)
    top = round((row + 0.5) * image.height / grid.rows - height / 2)
    return image.crop((left, top, left + width, top + height))
