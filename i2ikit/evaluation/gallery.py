"""The gallery: test images one by one at the end of a run, with values of each image."""

import math
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from i2ikit.data.loading import MapDataset
from i2ikit.evaluation.items import first_items, has_truth
from i2ikit.evaluation.samples import to_batch, write_images, write_index
from i2ikit.metrics.functional.image_quality import psnr
from i2ikit.translation import UnpairedTranslation

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
    """Translate the first items of a test set; write the images of each, and an index with values of each.

    Args:
        folder: replaced if it is there.
        model: on ``device``; its first generator, say ``ab``, translates domain ``a`` to ``b``.
        dataset: as for :func:`first_items`; which items are pairs is decided as for :func:`measure`.
        device: where the model is.
        step: the last one that was done.
        count: at most this many items, >= 0.
        seed: as for :func:`first_items`.
    """
    generator = next(iter(model.generators))
    source, target = generator[0], generator[1]
    expression = f"{generator}({source})"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    entries = []
    for index, item in enumerate(first_items(dataset, count, seed=seed)):
        output = model.render(to_batch(item, device), [expression])[expression][0].float().cpu()
        images = {"input": item[source], "output": output}
        if has_truth(dataset, item, source, target):
            images["truth"] = item[target]
        values = image_values(images, item.get("mask"))
        entries.append({**write_images(folder, index, source, item, images), "values": values})
    used = {name for entry in entries for name in entry["values"]}
    write_index(folder, step, entries, {name: measure for name, measure in MEASURES.items() if name in used})


def image_values(images: Mapping[str, Tensor], mask: Tensor | None = None) -> dict[str, float]:
    """Return the finite values of one translated image by the names of :data:`MEASURES`.

    Args:
        images: "input", "output" and perhaps "truth", (C, H, W) in -1..1; values need images of one size.
        mask: (1, H, W), 1 where the output should differ from the input.
    """
    scaled = {name: image.float()[None] / 2 + 0.5 for name, image in images.items()}
    image, output, truth = scaled["input"], scaled["output"], scaled.get("truth")
    values: dict[str, float] = {}
    if truth is not None and truth.shape == output.shape:
        values["truth"] = float(psnr(output, truth))
    if image.shape == output.shape:
        if mask is not None and mask.shape[-2:] == image.shape[-2:]:
            values["background"] = float(psnr(output, image, 1 - mask.float()[None]))
        values["change"] = 255 * float((image - output).abs().mean())
    return {name: round(value, 4) for name, value in values.items() if math.isfinite(value)}  # equal images: no PSNR
