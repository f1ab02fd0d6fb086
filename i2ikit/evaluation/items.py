"""The items of a test set: read one by one, the same at every call, and which of them are pairs."""

from collections.abc import Iterable, Iterator, Mapping
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
    yield from items_at(dataset, range(len(dataset) if count is None else min(count, len(dataset))), seed=seed)


def items_at(dataset: MapDataset, indices: Iterable[int], *, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the items of a dataset at some indices; arguments as for :func:`first_items`."""
    for index in indices:
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


def spread(total: int, count: int) -> list[int]:
    """Return ``count`` indices of ``total``, rising and spread evenly; those of a smaller count are among them.

    Args:
        total: items that there are, >= 0.
        count: items that are wanted, >= 0; all of them if there are fewer.
    """
    bits = max(0, total - 1).bit_length()
    halves = (int(f"{number:0{bits}b}"[::-1], 2) if bits else 0 for number in range(2**bits))  # 0, 1/2, 1/4, 3/4, ...
    order = dict.fromkeys(half * total >> bits for half in halves) if total else {}
    return sorted([*order][:count])


def mask_of(item: Mapping[str, Any], domain: str) -> Any:
    """Return the mask (1, H, W) of the image of a domain: that of the pair, or its own; None if there is none."""
    return item.get("mask", item.get(f"{domain}_mask"))


def has_truth(dataset: MapDataset, item: Mapping[str, Any], source: str, target: str) -> bool:
    """Return whether an item has an image of ``target`` that is the truth for its image of ``source``.

    It is if the dataset declares pairs by ``paired = True``, if their files have one stem, or if a path is unknown.
    """
    if target not in item:
        return False
    path, other = (item.get(f"{name}_path") for name in (source, target))
    unknown = path is None or other is None
    return bool(getattr(dataset, "paired", False)) or unknown or PurePath(str(path)).stem == PurePath(str(other)).stem
