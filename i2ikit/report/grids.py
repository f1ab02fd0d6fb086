"""Sample grids of a run, made small enough to travel inside a page."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from i2ikit.report.record import read_json

MOST_GRIDS = 24
MOST_PIXELS = 300_000  # of one grid in the page; about 60 kB as JPEG
MOST_PIXELS_LAST = 2_000_000
THUMBNAIL = 72  # pixels a side


@dataclass(frozen=True)
class Grid:
    """One grid of samples: ``rows`` samples below each other, a column for each image expression."""

    path: Path
    step: int
    columns: tuple[str, ...]
    rows: int
    cell: tuple[int, int]

    @property
    def layout(self) -> tuple[tuple[str, ...], int]:
        """What two grids must share to be shown in one place."""
        return self.columns, self.rows


@dataclass(frozen=True)
class Frame:
    """A grid as the page holds it: pictures as data addresses."""

    step: int
    picture: str
    thumbnail: str


def find_grids(samples: Path) -> list[Grid]:
    """Return the readable grids of a folder in the order of their steps; those laid out like the last one only."""
    found = (read_grid(path) for path in samples.glob("*.png"))
    grids = sorted((grid for grid in found if grid is not None), key=lambda grid: grid.step)
    return [grid for grid in grids if grid.layout == grids[-1].layout]


def read_grid(path: Path) -> Grid | None:
    """Read what ``step_000500.json`` says about ``step_000500.png``; None where one is missing or damaged."""
    said = read_json(path.with_suffix(".json"))
    try:
        width, height = said["size"]
        columns, rows = tuple(map(str, said["columns"])), int(said["rows"])
        return Grid(path, int(said["step"]), columns, rows, (width, height)) if columns and rows > 0 else None
    except (ValueError, TypeError, KeyError):
        return None


def evenly_spaced(grids: Sequence[Grid], count: int = MOST_GRIDS) -> list[Grid]:
    """Return at most ``count`` (>= 2) of the grids, the first and the last among them, evenly spaced by their order."""
    if len(grids) <= count:
        return list(grids)
    return [grids[round(index * (len(grids) - 1) / (count - 1))] for index in range(count)]


def make_frames(grids: Sequence[Grid]) -> list[Frame]:
    """Return the grids as the page holds them, the last one in more detail; unreadable pictures are left out."""
    frames = [make_frame(grid, MOST_PIXELS, quality=80) for grid in grids[:-1]]
    frames += [make_frame(grid, MOST_PIXELS_LAST, quality=92) for grid in grids[-1:]]
    return [frame for frame in frames if frame is not None]


def make_frame(grid: Grid, pixels: int, quality: int) -> Frame | None:
    """Encode one grid with at most about ``pixels`` pixels; None where the picture can't be read."""
    try:
        with Image.open(grid.path) as file:
            image = without_margins(file.convert("RGB"), grid)
    except OSError:
        return None
    left = grid.cell[0] * min(1, len(grid.columns) - 1)  # the second column is the output
    thumbnail = image.crop((left, 0, left + grid.cell[0], grid.cell[1]))
    thumbnail.thumbnail((THUMBNAIL, THUMBNAIL))
    scale = (pixels / (image.width * image.height)) ** 0.5
    if scale < 1:
        image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
    return Frame(grid.step, data_address(image, quality), data_address(thumbnail, 85))


def without_margins(image: Image.Image, grid: Grid) -> Image.Image:
    """Return the cells of a grid edge to edge; each is found in the middle of its equal part of the picture."""
    width, height = grid.cell
    tight = Image.new("RGB", (width * len(grid.columns), height * grid.rows))
    for column in range(len(grid.columns)):
        for row in range(grid.rows):
            left = round((column + 0.5) * image.width / len(grid.columns) - width / 2)
            top = round((row + 0.5) * image.height / grid.rows - height / 2)
            tight.paste(image.crop((left, top, left + width, top + height)), (width * column, height * row))
    return tight


def data_address(image: Image.Image, quality: int) -> str:
    """Return an image as a ``data:`` address holding a JPEG with full colour resolution."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=0)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
