"""Random streams: by name, and the global ones."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor


def named_generator(name: str) -> torch.Generator:
    """Return a new CPU generator seeded by ``name`` alone: the same name gives the same stream."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)


def random_seed(generator: torch.Generator) -> int:
    """Return a random seed, 0 .. 2**62 - 1, for streams that are derived from it; see :func:`image_generators`."""
    return int(torch.randint(2**62, (), generator=generator).item())


def image_generators(seed: int, expression: str, first: int, count: int) -> list[torch.Generator]:
    """Return one CPU generator per image, each from a seed, an image expression and the image's position in the step.

    Args:
        seed: see :func:`random_seed`.
        expression: the text of the images.
        first: position of the first image, from 0.
        count: number of images.
    """
    return [named_generator(f"{seed}/{expression}/{position}") for position in range(first, first + count)]


FEW = 50  # times as many integers as are wanted, from which on a permutation of all takes longer


def without_replacement(size: int, count: int, generator: torch.Generator) -> Tensor:
    """Return ``count`` of the integers 0 .. size-1 in random order, all if there are fewer; int64 (count,).

    A few of many are sampled with replacement until enough are distinct: uniform too, and independent of ``size``.
    """
    if size < FEW * count:
        return torch.randperm(size, generator=generator)[:count]
    found: dict[int, None] = {}  # a set that keeps the order
    while len(found) < count:
        found.update(dict.fromkeys(torch.randint(size, (count,), generator=generator).tolist()))
    return torch.tensor(list(found)[:count], dtype=torch.int64)


def image_numbers(seed: int, expression: str, first: int, like: Tensor, *, uniform: int, normal: int = 0) -> Tensor:
    """Return random numbers of each image of a batch, (B, uniform + normal), of the type and on the device of ``like``.

    Args:
        seed, expression, first: of the streams, see :func:`image_generators`.
        like: the batch, B images.
        uniform, normal: how many numbers are uniform in 0..1, and how many of N(0, 1) follow them.
    """
    streams = image_generators(seed, expression, first, len(like))
    rows = [
        torch.cat([torch.rand(uniform, generator=stream), torch.randn(normal, generator=stream)]) for stream in streams
    ]
    numbers = torch.stack(rows)
    if like.device.type == "cuda":
        numbers = numbers.pin_memory()  # so that the copy does not wait for the device
    return numbers.to(like.device, non_blocking=True).to(like.dtype)


@contextmanager
def restored_streams() -> Iterator[None]:
    """Restore torch's (CPU), Python's and NumPy's global random streams at the end of the block."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    with torch.random.fork_rng(devices=()):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002
