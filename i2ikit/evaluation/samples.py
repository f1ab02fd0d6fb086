"""Sample images: what a model makes of fixed test images, one file per image, with an index and a grid."""

import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from i2ikit.distributed.device import batch_to_device
from i2ikit.files import write_atomically
from i2ikit.translation import UnpairedTranslation
from i2ikit.translation.expressions import Expression, parse

COLORS = 3
INDEX = "index.json"
LONGEST = 8192  # pixels along a side of the grid, which is for a quick look; JPEG allows 65,535


def write_samples(
    folder: Path, model: UnpairedTranslation, items: Sequence[Mapping[str, Any]], *, device: torch.device, step: int
) -> None:
    """Write all images of a step into ``step_NNNNNN/``, and one grid of them beside it, ``step_NNNNNN.jpg``.

    Args:
        folder: of all samples; it is made.
        model: on ``device``.
        items: at least one, with images (C, H, W) in -1..1 under ``a`` and ``b`` (or one of them) and perhaps their
            paths; a row of the grid each.
        device: where the model is.
        step: the last one that was done.
    """
    of_step = folder / f"step_{step:06d}"
    of_step.mkdir(parents=True, exist_ok=True)
    columns = [column for column in sample_columns(model) if parse(column).images() <= items[0].keys()]
    names = column_names(columns)
    rows, entries = [], []
    for index, item in enumerate(items):
        rendered = model.render(to_batch(item, device), columns)
        rows.append([rendered[column][0] for column in columns])
        for domain in ("a", "b"):
            images = {
                name: rendered[column][0]
                for name, column in zip(names, columns, strict=True)
                if parse(column).images() == {domain}
            }
            if images:
                entries.append(write_images(of_step, index, domain, item, images))
    write_index(of_step, step, entries)
    grid = io.BytesIO()
    compose(rows).save(grid, "JPEG", quality=92, subsampling=0)
    write_atomically(of_step.with_suffix(".jpg"), grid.getvalue())


def sample_columns(model: UnpairedTranslation) -> list[str]:
    """Return the image expressions to show: each domain's input, then what its terms make of it, shortest first.

    Views are left out, so ``"ab(mirror(a))"`` and ``"pool(ab(a))"`` are both ``"ab(a)"``.
    """
    trained = [name for name in model.generators if f"generators.{name}" not in model.averages]
    texts = [*(f"{name}({name[0]})" for name in trained), *model.image_expressions()]
    images = list(dict.fromkeys(parse(text).without(lambda name: name not in model.generators) for text in texts))
    made = sorted((image for image in images if image.arguments), key=_depth)  # stable: keeps the order of the config
    columns = []
    for domain in ("a", "b"):
        of_domain = [str(image) for image in made if image.images() == {domain}]
        columns += [domain, *of_domain] if of_domain else []
    return columns


def column_names(columns: Sequence[str]) -> list[str]:
    """Return a plain name for each image expression (without views).

    ``a`` is an "input", ``ab(a)`` an "output", ``ba(ab(a))`` a "reconstruction", ``ab(b)`` an "identity". Where two
    expressions of one domain have the same name, each is followed by its expression.
    """
    kinds = [(_kind(parse(column)), parse(column).images()) for column in columns]
    return [
        kind[0] if kinds.count(kind) == 1 else f"{kind[0]} {column}"
        for kind, column in zip(kinds, columns, strict=True)
    ]


def write_images(
    folder: Path, index: int, domain: str, item: Mapping[str, Any], images: Mapping[str, Tensor]
) -> dict[str, Any]:
    """Write the images of one input as PNG files.

    Args:
        folder: is there.
        index: of the item in the test set; the file names begin with it.
        domain: of the input.
        item: has perhaps the path of the input, which names it.
        images: (C, H, W) in -1..1 by name; "input" is among them.

    Returns:
        an entry of the index: ``domain``, ``name``, and the files by name of the image.
    """
    files = {name: f"{index:05d}_{domain}_{re.sub(r'[^a-z]+', '_', name).strip('_')}.png" for name in images}
    for name, image in images.items():
        to_pil(image).save(folder / files[name], "PNG")
    return {"domain": domain, "name": str(item.get(f"{domain}_path") or f"sample {index + 1}"), "images": files}


def write_index(
    folder: Path, step: int, entries: Sequence[Mapping[str, Any]], measures: Mapping[str, Any] | None = None
) -> None:
    """Write what the images of a folder are; a folder without an index is not complete.

    Args:
        folder: of the images.
        step: after which they were made.
        entries: of :func:`write_images`, perhaps with ``values`` by measure.
        measures: ``label`` and ``better`` of each measure.
    """
    about = {"step": step, "measures": measures or {}, "items": entries}
    write_atomically(folder / INDEX, json.dumps(about, allow_nan=False).encode())


def to_batch(item: Mapping[str, Any], device: torch.device) -> dict[str, Tensor]:
    """Return the images of an item as a batch of one on a device."""
    return batch_to_device({domain: item[domain][None] for domain in ("a", "b") if domain in item}, device)


def to_pil(image: Tensor) -> Image.Image:
    """Return an image (C, H, W) as 8-bit RGB; values outside -1..1 are clipped.

    Of three or more channels the first three are shown as red, green and blue; of one or two the first, as gray.
    """
    image = image[:COLORS] if len(image) >= COLORS else image[:1]
    levels = ((image.detach().float().cpu().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return Image.fromarray(levels.expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy())


def compose(rows: Sequence[Sequence[Tensor]]) -> Image.Image:
    """Paste images into a grid without gaps, shrunk to at most 8,192 pixels a side.

    Args:
        rows: at least one, all of one length; images (C, H, W) in -1..1. A cell has the size of the first image; others
            are scaled to it.
    """
    width, height = to_pil(rows[0][0]).size
    grid = Image.new("RGB", (width * len(rows[0]), height * len(rows)))
    for y, row in enumerate(rows):
        for x, image in enumerate(row):
            cell = to_pil(image)
            fitted = cell if cell.size == (width, height) else cell.resize((width, height), Image.Resampling.BICUBIC)
            grid.paste(fitted, (x * width, y * height))
    grid.thumbnail((LONGEST, LONGEST))
    return grid


def _depth(image: Expression) -> int:
    return sum(1 for _ in image.walk())


def _kind(image: Expression) -> str:
    if not image.arguments:
        return "input"
    if not any(image.name.endswith(domain) for domain in image.images()):
        return "output"
    return "reconstruction" if image.arguments[0].arguments else "identity"
