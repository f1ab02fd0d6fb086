"""Sample images: translations of some test images, one file per image, with an index and a grid."""

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
from i2ikit.errors import DataError
from i2ikit.evaluation.items import has_truth, items_at, mask_of, spread
from i2ikit.evaluation.sample_columns import OUTPUT, Column, are_images, as_shown, sample_columns
from i2ikit.evaluation.sample_grid import compose
from i2ikit.files import write_atomically
from i2ikit.metrics.base import to_bytes
from i2ikit.metrics.functional.image_quality import psnr
from i2ikit.translation import FixedSamples, UnpairedTranslation

COLORS = 3
OTHER = {"a": "b", "b": "a"}
TRUTH, REAL = "truth", "real"  # names of the other domain's image beside an output: of a pair, of another scene
LABELS = {TRUTH: "truth", REAL: "real target"}
INDEX = "index.json"
ROWS = 8  # of the grid, which is a preview
ALIKE = 1.02  # ratio of two aspects that count as equal: sizes are whole numbers
MOST = 4.0  # times the pixels of an image that it may have at its true aspect
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
    show: Sequence[str] = (),
) -> None:
    """Write all images of a step into ``step_NNNNNN/``, and a grid of eight items, ``step_NNNNNN.jpg``.

    The items are spread evenly over the dataset. ``index.json`` describes the images: for each input its ``domain`` and
    ``name``, the files by name of the image ("input", "output", ..., and the image of the other domain, "truth" of a
    pair, else "real"), and ``values`` of the first output by the names of :data:`MEASURES`. A folder
    without it is not complete. The grid is written last. Images that the transform stretched get their true aspect
    back; the values are those of the network's own output.

    Args:
        folder: of all samples; it is made.
        model: on ``device``.
        dataset: test images; as for :func:`first_items`.
        device: where the model is.
        step: the last one that was done.
        count: items, >= 1; fewer if the dataset has fewer.
        seed: as for :func:`first_items`.
        show: expressions of further images, and of maps, which are shown from their least value to their largest.
    """
    of_step = grid_path(folder, step).with_suffix("")
    grid_path(folder, step).unlink(missing_ok=True)
    shutil.rmtree(of_step, ignore_errors=True)
    of_step.mkdir(parents=True)
    columns: list[Column] | None = None
    first, output = next(iter(model.outputs.items()))
    source, target, translated = first[0], OTHER[first[0]], str(model.shown(output))
    rows: list[dict[str, Image.Image]] = []
    entries: list[dict[str, Any]] = []
    indices, preview = spread(len(dataset), count), spread(len(dataset), min(count, ROWS))
    for index, item in zip(indices, items_at(dataset, indices, seed=seed), strict=True):
        columns = columns or _columns_of_images(model, item, device, show)
        images = _render(model, item, columns, device, index)
        shown = {domain: _shown(dataset, item, domain, images, columns) for domain in (source, target)}
        values = image_values(
            item[source],
            images[translated],
            truth=item[target] if TRUTH in shown[source] else None,
            mask=mask_of(item, source),
        )
        for domain in filter(shown.get, shown):
            name = str(item.get(f"{domain}_path") or f"sample {index + 1}")
            entry = {"domain": domain, "name": name, "images": _write_images(of_step, index, domain, shown)}
            entries.append(entry | ({"values": values} if domain == source else {}))
        rows += [_row(shown)] if index in preview else []
    measures = {name: MEASURES[name] for name in MEASURES if any(name in entry.get("values", {}) for entry in entries)}
    about = {"step": step, "measures": measures, "items": entries}
    write_atomically(of_step / INDEX, json.dumps(about, allow_nan=False))
    grid = io.BytesIO()
    compose(rows).save(grid, "JPEG", quality=92, subsampling=0)
    write_atomically(grid_path(folder, step), grid.getvalue())


def grid_path(folder: Path, step: int) -> Path:
    """Return the path of the grid of a step; if it exists, the step's samples are complete."""
    return folder / f"step_{step:06d}.jpg"


def _columns_of_images(
    model: UnpairedTranslation, item: Mapping[str, Any], device: torch.device, show: Sequence[str]
) -> list[Column]:
    """Return the columns of a model that are images, as an item shows them, and those that it cannot show."""
    columns = sample_columns(model, show)
    shown = [column for column in columns if item.keys() >= {*column.reads}]
    images = are_images(shown, _render(model, item, shown, device, 0), item)
    return [column for column in columns if column.is_map or column in images or column not in shown]


def _render(
    model: UnpairedTranslation, item: Mapping[str, Any], columns: Sequence[Column], device: torch.device, place: int
) -> dict[str, Tensor]:
    """Return images (C, H, W) on the CPU by expression; those of the columns whose real images an item has."""
    shown = [column for column in columns if item.keys() >= {*column.reads}]
    batch = {name: item[name][None] for column in shown for name in column.reads}
    rendered = model.render(batch_to_device(batch, device), map(str, shown), samples=FixedSamples(places=place))
    maps = {str(column) for column in shown if column.is_map}
    found = {text: image[0].float().cpu() for text, image in rendered.items()}
    return {text: as_shown(image) if text in maps else image for text, image in found.items()}


def _shown(
    dataset: MapDataset, item: Mapping[str, Any], domain: str, images: Mapping[str, Tensor], columns: Sequence[Column]
) -> dict[str, Image.Image]:
    """Return by name what was made of an item's image of a domain; beside an output the image of the other domain."""
    of_domain = [column for column in columns if column.domain == domain and str(column) in images]
    shown = {column.name: _upright(dataset, item, domain, images[str(column)]) for column in of_domain}
    other = OTHER[domain]
    if other in item and any(column.name.startswith(OUTPUT) for column in of_domain):
        paired = has_truth(dataset, item, domain, other)
        shown[TRUTH if paired else REAL] = _upright(dataset, item, other, item[other])
    return shown


def _row(shown: Mapping[str, Mapping[str, Image.Image]]) -> dict[str, Image.Image]:
    """Return the images of an item by the label of their column; an input is not repeated as the other's target."""
    both = all(shown.values())
    return {
        f"{domain}: {LABELS.get(name, name)}": image
        for domain, images in shown.items()
        for name, image in images.items()
        if not (both and name in LABELS)
    }


def _upright(dataset: MapDataset, item: Mapping[str, Any], domain: str, image: Tensor) -> Image.Image:
    """Return an image of an item's domain, or one that was made of it, at the aspect of the domain's file."""
    images, path = getattr(dataset, "domains", {}).get(domain), item.get(f"{domain}_path")
    try:
        size = images.whole_size(path) if images is not None and path is not None else None
    except DataError:
        size = None
    return to_pil(image) if size is None else with_aspect(to_pil(image), *size)


def with_aspect(image: Image.Image, width: int, height: int) -> Image.Image:
    """Return an image stretched to the aspect of a width and a height: the side that is too short is enlarged.

    It has at most four times the pixels.
    """
    wider = width * image.height / (height * image.width)
    stretch = max(wider, 1 / wider)
    if stretch < ALIKE:
        return image
    scale = min(1.0, (MOST / stretch) ** 0.5)
    sides = image.width * max(1.0, wider), image.height * max(1.0, 1 / wider)
    size = max(1, round(scale * sides[0])), max(1, round(scale * sides[1]))
    return image.resize(size, Image.Resampling.BICUBIC)


def _write_images(
    folder: Path, index: int, domain: str, shown: Mapping[str, Mapping[str, Image.Image]]
) -> dict[str, str]:
    """Write the images of a domain of an item as PNG files; return the files by name of the image.

    The image of the other domain is written once: it is the other domain's input, if that is shown too.
    """
    files = {}
    for name, image in shown[domain].items():
        if name in LABELS and shown[OTHER[domain]]:
            files[name] = _file(index, OTHER[domain], "input")
        else:
            files[name] = _file(index, domain, name)
            image.save(folder / files[name], "PNG")
    return files


def _file(index: int, domain: str, name: str) -> str:
    word = re.sub(r"\W+", "_", name).strip("_")
    return f"{index:05d}_{domain}_{word}.png"


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


def to_pil(image: Tensor) -> Image.Image:
    """Return an image (C, H, W) as 8-bit RGB; values outside -1..1 are clipped.

    Of three or more channels the first three are shown as red, green and blue; of one or two the first, as gray.
    """
    image = image[:COLORS] if len(image) >= COLORS else image[:1]
    return Image.fromarray(to_bytes(image[None], "a sample")[0].permute(1, 2, 0).contiguous().numpy())
