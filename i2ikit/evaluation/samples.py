"""Sample images: translations of the first test images, one file per image, with an index and a grid."""

import io
import json
import math
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from i2ikit.data.loading import MapDataset
from i2ikit.distributed.device import batch_to_device
from i2ikit.evaluation.items import first_items, has_truth
from i2ikit.files import write_atomically
from i2ikit.metrics.base import to_bytes
from i2ikit.metrics.functional.image_quality import psnr
from i2ikit.translation import UnpairedTranslation
from i2ikit.translation.expressions import Expression, parse

COLORS = 3
INDEX = "index.json"
ROWS = 8  # of the grid, which is a preview
LONGEST = 8192  # pixels along a side of the grid; JPEG allows 65,535
MEASURES: Mapping[str, Mapping[str, str]] = {
    "truth": {"label": "PSNR to the truth, dB", "better": "higher"},
    "background": {"label": "PSNR to the input outside the mask, dB", "better": "higher"},
    "change": {"label": "mean change of a pixel, of 255", "better": ""},
}


def write_samples(
    folder: Path,
    model: UnpairedTranslation,
    dataset: MapDataset,
    *,
    device: torch.device,
    step: int,
    count: int,
    seed: int,
) -> None:
    """Write all images of a step into ``step_NNNNNN/``, and a grid of the first eight items, ``step_NNNNNN.jpg``.

    ``index.json`` describes the images: for each input its ``domain`` and ``name``, the files by name of the image
    ("input", "output", ..., "truth"), and ``values`` of the output of the first generator by the names of
    :data:`MEASURES`. A folder without it is not complete. The grid is written last.

    Args:
        folder: of all samples; it is made.
        model: on ``device``.
        dataset: test images; as for :func:`first_items`.
        device: where the model is.
        step: the last one that was done.
        count: items, >= 1; fewer if the dataset has fewer.
        seed: as for :func:`first_items`.
    """
    of_step = grid_path(folder, step).with_suffix("")
    grid_path(folder, step).unlink(missing_ok=True)
    shutil.rmtree(of_step, ignore_errors=True)
    of_step.mkdir(parents=True)
    columns = sample_columns(model)
    names = dict(zip(columns, column_names(columns), strict=True))
    generator = next(iter(model.generators))
    rows: list[list[Tensor]] = []
    entries: list[dict[str, Any]] = []
    for index, item in enumerate(first_items(dataset, count, seed=seed)):
        images = _render(model, item, [column for column in columns if parse(column).images() <= item.keys()], device)
        rows += [list(images.values())] if len(rows) < ROWS else []
        for domain in dict.fromkeys(generator):
            found = {names[column]: image for column, image in images.items() if parse(column).images() == {domain}}
            name = str(item.get(f"{domain}_path") or f"sample {index + 1}")
            entry: dict[str, Any] = {"domain": domain, "name": name}
            if domain == generator[0]:
                truth = item[generator[1]] if has_truth(dataset, item, generator[0], generator[1]) else None
                found |= {} if truth is None else {"truth": truth}
                output = images[f"{generator}({domain})"]
                entry["values"] = image_values(item[domain], output, truth=truth, mask=item.get("mask"))
            if found:
                entries.append({**entry, "images": _write_images(of_step, f"{index:05d}_{domain}", found)})
    measures = {name: MEASURES[name] for name in MEASURES if any(name in entry.get("values", {}) for entry in entries)}
    about = {"step": step, "measures": measures, "items": entries}
    write_atomically(of_step / INDEX, json.dumps(about, allow_nan=False))
    grid = io.BytesIO()
    compose(rows).save(grid, "JPEG", quality=92, subsampling=0)
    write_atomically(grid_path(folder, step), grid.getvalue())


def grid_path(folder: Path, step: int) -> Path:
    """Return the path of the grid of a step; if it exists, the step's samples are complete."""
    return folder / f"step_{step:06d}.jpg"


def _render(
    model: UnpairedTranslation, item: Mapping[str, Any], columns: Sequence[str], device: torch.device
) -> dict[str, Tensor]:
    """Return images (C, H, W) on the CPU by expression."""
    batch = {domain: item[domain][None] for domain in ("a", "b") if domain in item}
    rendered = model.render(batch_to_device(batch, device), columns)
    return {column: rendered[column][0].float().cpu() for column in columns}


def _write_images(folder: Path, start: str, images: Mapping[str, Tensor]) -> dict[str, str]:
    """Write images as PNG files whose names begin with ``start``; return the files by name of the image."""
    files = {name: f"{start}_{re.sub(r'[^a-z]+', '_', name).strip('_')}.png" for name in images}
    for name, image in images.items():
        to_pil(image).save(folder / files[name], "PNG")
    return files


def image_values(
    image: Tensor, output: Tensor, *, truth: Tensor | None = None, mask: Tensor | None = None
) -> dict[str, float]:
    """Return the finite values of one translated image by the names of :data:`MEASURES`.

    Args:
        image, output, truth: (C, H, W) in -1..1; only images of one size are compared.
        mask: (1, H, W), 1 where the output should differ from the input.
    """
    x, y = image.float()[None] / 2 + 0.5, output[None] / 2 + 0.5
    values: dict[str, float] = {}
    if truth is not None and truth.shape == output.shape:
        values["truth"] = float(psnr(y, truth.float()[None] / 2 + 0.5))
    if image.shape == output.shape:
        if mask is not None and mask.shape[-2:] == image.shape[-2:]:
            values["background"] = float(psnr(y, x, 1 - mask.float()[None]))
        values["change"] = 255 * float((x - y).abs().mean())
    return {name: round(value, 4) for name, value in values.items() if math.isfinite(value)}  # equal images: no PSNR


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


def to_pil(image: Tensor) -> Image.Image:
    """Return an image (C, H, W) as 8-bit RGB; values outside -1..1 are clipped.

    Of three or more channels the first three are shown as red, green and blue; of one or two the first, as gray.
    """
    image = image[:COLORS] if len(image) >= COLORS else image[:1]
    return Image.fromarray(to_bytes(image[None], "a sample")[0].permute(1, 2, 0).contiguous().numpy())


def compose(rows: Sequence[Sequence[Tensor]]) -> Image.Image:
    """Paste images into a grid without gaps, shrunk to at most 8,192 pixels a side.

    Args:
        rows: at least one; images (C, H, W) in -1..1. A cell has the size of the first image; others are scaled to it.
    """
    width, height = to_pil(rows[0][0]).size
    grid = Image.new("RGB", (width * max(map(len, rows)), height * len(rows)))
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
