"""The grid of samples: a preview for any image viewer, with a label above each column."""

from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw, ImageFont

LONGEST = 8192  # pixels along a side of the grid; JPEG allows 65,535
NARROWEST = 128  # pixels of a column, so that its label can be read
LABEL = 20  # pixels, height of the labels
GAP = 2  # pixels between images
SIZES = range(14, 6, -1)  # of letters, in pixels
PAPER, INK = "white", "black"


def compose(rows: Sequence[Mapping[str, Image.Image]]) -> Image.Image:
    """Paste images into a grid, shrunk to at most 8,192 pixels a side.

    Small images are enlarged by a whole number, without smoothing. A column is as wide as its widest image, a row as
    high as its highest.

    Args:
        rows: images by the label of their column.
    """
    labels = list(dict.fromkeys(label for row in rows for label in row))
    widest = {label: max(row[label].width for row in rows if label in row) for label in labels}
    scale = -(-NARROWEST // max(1, min(widest.values(), default=NARROWEST)))
    highest = [scale * max((image.height for image in row.values()), default=0) + GAP for row in rows]
    grid = Image.new(
        "RGB", (max(1, sum(scale * width + GAP for width in widest.values())), LABEL + sum(highest)), PAPER
    )
    left = 0
    for label in labels:
        write_label(grid, label, left, scale * widest[label])
        top = LABEL
        for row, height in zip(rows, highest, strict=True):
            if label in row:
                size = scale * row[label].width, scale * row[label].height
                grid.paste(row[label].resize(size, Image.Resampling.NEAREST), (left, top))
            top += height
        left += scale * widest[label] + GAP
    grid.thumbnail((LONGEST, LONGEST))
    return grid


def write_label(grid: Image.Image, label: str, left: int, width: int) -> None:
    """Write a label at the top of a grid, in the largest letters that fit into the width."""
    draw = ImageDraw.Draw(grid)
    fonts = (load_font(size) for size in SIZES)
    font = next((font for font in fonts if draw.textlength(label, font) <= width), load_font(SIZES[-1]))
    draw.text((left + 1, 2), label, INK, font)


def load_font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font; a Pillow without FreeType, or before 10.1, has it in one size."""
    try:
        return ImageFont.load_default(size)
    except (ImportError, TypeError):
        return ImageFont.load_default()
