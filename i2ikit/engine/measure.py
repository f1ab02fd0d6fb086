"""Metrics of a model over a test set."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from i2ikit.engine.device import place_batch
from i2ikit.engine.loading import MapDataset, seeded
from i2ikit.translation import UnpairedTranslation

BATCH = 16


def measure(
    model: UnpairedTranslation,
    dataset: MapDataset,
    metrics: Mapping[str, Any],
    *,
    device: torch.device,
    seed: int = 0,
    pause: Callable[[], None] = lambda: None,
) -> dict[str, float]:
    """Translate a test set with the model's first generator and measure what comes out.

    Args:
        model: on ``device``; its first generator, say ``ab``, translates domain ``a`` to ``b``.
        dataset: items with ``a`` and ``b``, images (C, H, W) in -1..1.
        metrics: METRICS parts by name; they are reset first.
        device: where the model is; metrics compute on the CPU.
        seed: of what the data set draws, if it draws anything.
        pause: called after each batch; what it raises ends the measurement.

    Returns:
        all numbers of all metrics as ``name.number``, the name being the metric's in the config.
    """
    generator = next(iter(model.generators))
    source, target = generator[0], generator[1]
    for metric in metrics.values():
        metric.reset()
    for batch in _batches(dataset, seed):
        expression = f"{generator}({source})"
        output = model.render(place_batch(batch, device), [expression])[expression].float().cpu()
        sample = {**batch, "a": batch[source], "b": batch[target], "output": output}
        for metric in metrics.values():
            metric.update(sample)
        pause()
    return {
        f"{name}.{key}": float(value) for name, metric in metrics.items() for key, value in metric.compute().items()
    }


def _batches(dataset: MapDataset, seed: int) -> Iterator[dict[str, Tensor]]:
    """Yield batches of up to 16 neighbours of one shape, tensors only."""
    waiting: list[dict[str, Tensor]] = []
    for index in range(len(dataset)):
        with seeded(seed, 0, index):
            item = {key: value for key, value in dataset[index].items() if isinstance(value, Tensor)}
        if waiting and (len(waiting) == BATCH or _shapes(item) != _shapes(waiting[0])):
            yield _stack(waiting)
            waiting = []
        waiting.append(item)
    if waiting:
        yield _stack(waiting)


def _shapes(item: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {key: value.shape for key, value in item.items()}


def _stack(items: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {key: torch.stack([item[key] for item in items]) for key in items[0]}
