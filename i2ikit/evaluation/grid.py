"""Grids of sample images: which columns a model can show, and how they become one grid."""

from collections.abc import Sequence

import torch
from PIL import Image
from torch import Tensor

from i2ikit.translation import UnpairedTranslation
from i2ikit.translation.expressions import Expression, parse

COLORS = 3


def grid_columns(model: UnpairedTranslation) -> list[str]:
    """Return the expressions of a grid's columns: each domain's input, then what its terms make of it, shortest first.

    Views are left out, so ``"ab(mirror(a))"`` and ``"pool(ab(a))"`` are both ``"ab(a)"``.
    """
    trained = [name for name in model.generators if f"generators.{name}" not in model.averages]
    texts = [*(f"{name}({name[0]})" for name in trained), *model.image_expressions()]
    images = list(dict.fromkeys(parse(text).without(lambda name: name not in model.generators) for text in texts))
    made = sorted((image for image in images if image.arguments), key=_depth)  # stable: the order of the config stays
    columns = []
    for domain in ("a", "b"):
        of_domain = [str(image) for image in made if image.images() == {domain}]
        columns += [domain, *of_domain] if of_domain else []
    return columns


def _depth(image: Expression) -> int:
    return sum(1 for _ in image.walk())


def to_pil(image: Tensor) -> Image.Image:
    """Return an image (C, H, W) in -1..1 as an RGB grid; what lies outside is clipped.

    Of three or more channels the first three are shown as red, green and blue; of one or two the first, as gray.
    """
    image = image[:COLORS] if len(image) >= COLORS else image[:1]
    levels = ((image.detach().float().cpu().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return Image.fromarray(levels.expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy())


def compose(rows: Sequence[Sequence[Tensor]]) -> tuple[Image.Image, tuple[int, int]]:
    """Paste images into a grid without gaps.

    Args:
        rows: at least one, all of one length; images (C, H, W) in -1..1. A cell has the size of the first image; others
            are scaled to it.

    Returns:
        the grid, and width and height of a cell in pixels.
    """
    width, height = to_pil(rows[0][0]).size
    grid = Image.new("RGB", (width * len(rows[0]), height * len(rows)))
    for y, row in enumerate(rows):
        for x, image in enumerate(row):
            cell = to_pil(image)
            fitted = cell if cell.size == (width, height) else cell.resize((width, height), Image.Resampling.BICUBIC)
            grid.paste(fitted, (x * width, y * height))
    return grid, (width, height)
