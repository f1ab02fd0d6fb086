"""The items of a test set: read one by one, the same at every call, and which of them are pairs."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import PurePath
from typing import Any

from i2ikit.data.loading import MapDataset
from i2ikit.data.randomness import seeded
from i2ikit.errors import DataError


def first_items(dataset: MapDataset, count: int | None = None, *, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the first items of a dataset; every call yields the same ones.

    Args:
        dataset: images (C, H, W) in -1..1 under ``a`` and ``b``, perhaps with ``a_path``, ``b_path`` and ``mask``.
        count: items, >= 0; fewer if the dataset has fewer. None: all.
        seed: of the random numbers that the dataset uses, if it uses any.
    """
    for index in range(len(dataset) if count is None else min(count, len(dataset))):
        with seeded(seed, 0, index):
            item = dataset[index]
        yield item


def readable_items(dataset: MapDataset, count: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """Return the first items of a dataset that can be read; arguments as for :func:`first_items`."""
    found: list[dict[str, Any]] = []
    for index in range(len(dataset)):
        with seeded(seed, 0, index), suppress(DataError):
            found.append(dataset[index])
        if len(found) == count:
            break
    return found


def has_truth(dataset: MapDataset, item: Mapping[str, Any], source: str, target: str) -> bool:
    """Return whether an item has an image of ``target`` that is the truth for its image of ``source``.

    It is if the dataset declares pairs by ``paired = True``, if their files have one stem, or if a path is unknown.
    """
    if target not in item:
        return False
    path, other = (item.get(f"{name}_path") for name in (source, target))
    unknown = path is None or other is None
    return bool(getattr(dataset, "paired", False)) or unknown or PurePath(str(path)).stem == PurePath(str(other)).stem
