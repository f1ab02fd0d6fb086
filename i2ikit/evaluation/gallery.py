"""Test images one by one at the end of a run: images of input, output and truth, and figures of each image."""

import json
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from i2ikit.data.loading import MapDataset
from i2ikit.distributed.device import batch_to_device
from i2ikit.evaluation.grid import to_pil
from i2ikit.evaluation.items import first_items, has_truth
from i2ikit.files import write_atomically
from i2ikit.metrics.functional.image_quality import psnr
from i2ikit.translation import UnpairedTranslation

FILE = "gallery.json"
MEASURES: Mapping[str, Mapping[str, str]] = {
    "truth": {"label": "PSNR to the truth, dB", "better": "higher"},
    "background": {"label": "PSNR to the input outside the mask, dB", "better": "higher"},
    "change": {"label": "mean change of a pixel, of 255", "better": ""},
}


def write_gallery(
    folder: Path,
    model: UnpairedTranslation,
    dataset: MapDataset,
    *,
    device: torch.device,
    step: int,
    count: int,
    seed: int,
) -> None:
    """Translate the first items of a test set; write an image of each, and the figures of all into ``gallery.json``.

    Args:
        folder: replaced if it is there.
        model: on ``device``; its first generator, say ``ab``, translates domain ``a`` to ``b``.
        dataset: items with ``a`` and perhaps ``b``, images (C, H, W) in -1..1; which are pairs is decided as for
            :func:`measure`.
        device: where the model is.
        step: the last one that was done.
        count: at most so many items, >= 0.
        seed: of what the data set draws, if it draws anything.
    """
    generator = next(iter(model.generators))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    items = []
    for index, item in enumerate(first_items(dataset, count, seed=seed)):
        paired = has_truth(dataset, item, generator[0], generator[1])
        items.append(_write_item(folder, index, _translated(model, generator, item, device), paired))
    used = {name for item in items for name in item["values"]}
    about = {
        "step": step,
        "generator": generator,
        "measures": {name: dict(measure) for name, measure in MEASURES.items() if name in used},
        "items": items,
    }
    write_atomically(folder / FILE, json.dumps(about, allow_nan=False).encode())


def _translated(
    model: UnpairedTranslation, generator: str, item: Mapping[str, Any], device: torch.device
) -> dict[str, Any]:
    """Return input, output, target and mask of an item, each (1, C, H, W) on the CPU, and its name."""
    source, target = generator[0], generator[1]
    batch = {name: value[None] for name, value in item.items() if isinstance(value, Tensor)}
    expression = f"{generator}({source})"
    output = model.render(batch_to_device(batch, device), [expression])[expression].float().cpu()
    name = str(item.get(f"{source}_path", ""))
    return {
        "name": name, "input": batch[source], "output": output, "truth": batch.get(target), "mask": batch.get("mask")
    }  # fmt: skip


def _write_item(folder: Path, index: int, found: Mapping[str, Any], paired: bool) -> dict[str, Any]:
    """Write the images of an item and return what the gallery says about it."""
    entry: dict[str, Any] = {"name": found["name"], "index": index}
    for kind in ("input", "output", *(["truth"] if paired and found["truth"] is not None else [])):
        entry[kind] = f"{index:05d}_{kind}.png"
        _save(to_pil(found[kind][0]), folder / entry[kind])
    entry["values"] = {
        name: round(value, 4) for name, value in figures(found, paired).items() if math.isfinite(value)
    }  # a PSNR of equal images has no finite value
    return entry


def figures(found: Mapping[str, Any], paired: bool) -> dict[str, float]:
    """Return the figures of one translated image by the names of :data:`MEASURES`; what can't be taken is left out."""
    image, output = (found[name].float() / 2 + 0.5 for name in ("input", "output"))
    values: dict[str, float] = {}
    if image.shape == output.shape:
        values["change"] = 255 * float((image - output).abs().mean())
        if found["mask"] is not None and found["mask"].shape[-2:] == image.shape[-2:]:
            values["background"] = float(psnr(output, image, 1 - found["mask"].float()))
    if paired and found["truth"] is not None and found["truth"].shape == output.shape:
        values["truth"] = float(psnr(output, found["truth"].float() / 2 + 0.5))
    return {name: values[name] for name in MEASURES if name in values}


def _save(image: Image.Image, path: Path) -> None:
    image.save(path, "PNG")
