"""What data sets of pairs share: the two images of an item are drawn alike."""

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from i2ikit.datasets.domain_images import Images
from i2ikit.errors import DataError
from i2ikit.ops.pixels import size_of


class Pairs:
    """Items of two images of one scene; subclasses fill ``domains``.

    Attributes:
        domains: the images of ``a`` and of ``b``, equally many, the partners at one place.
        paired: what measures outputs against the truth may take b for it.
    """

    domains: dict[str, Images]
    paired = True

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.domains["a"])

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return one pair; negative indices and those past the end raise IndexError."""
        if not 0 <= index < len(self):
            raise IndexError(f"pair {index} of {len(self)}")
        return drawn_alike(self.domains, index)

    def set_epoch(self, epoch: int) -> None:
        """Hand the epoch, counted from 1, to the transform."""
        self.domains["a"].set_epoch(epoch)

    def describe(self) -> str:
        """Return how many pairs there are, in words."""
        return f"{len(self):,} pair{'s' * (len(self) != 1)}"


def drawn_alike(domains: Mapping[str, Images], index: int) -> dict[str, Any]:
    """Return an item whose images were transformed with the same draws.

    Raises:
        DataError: the transform draws, and the images it draws for differ in size.
    """
    items = {domain: images.fixed(images.files[index]) for domain, images in domains.items()}
    sizes = {size_of(image) for image in items.values()}
    if len(sizes) > 1 and any(getattr(images.transform, "is_random", False) for images in domains.values()):
        found = " and ".join(f"{images.files[index]} {size_of(items[d])}" for d, images in domains.items())
        raise DataError(f"the images of a pair differ in size, so that they cannot be drawn alike: {found}")
    item: dict[str, Any] = {}
    state = _random_state()
    for domain, image in items.items():
        _set_random_state(state)
        item[domain] = domains[domain].finish(image, domains[domain].files[index])
        item[f"{domain}_path"] = domains[domain].files[index]
    return item


def _random_state() -> tuple[Tensor, Any, Any]:
    return torch.get_rng_state(), random.getstate(), np.random.get_state()  # noqa: NPY002


def _set_random_state(state: tuple[Tensor, Any, Any]) -> None:
    torch.set_rng_state(state[0])
    random.setstate(state[1])
    np.random.set_state(state[2])  # noqa: NPY002
