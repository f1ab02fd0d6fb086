"""The global random streams as functions of a key: nothing has to be saved for a resumed run to sample the same."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from i2ikit.ops.streams import restored_streams

STEP = -1  # keeps the key of a step apart from the loader's (seed, epoch, index)


def seed_number(*key: int) -> int:
    """Return 63 bits that are a function of ``key`` and unrelated for neighboring keys."""
    return int.from_bytes(hashlib.blake2b(repr(key).encode(), digest_size=8).digest(), "little") >> 1


@contextmanager
def seeded(*key: int) -> Iterator[None]:
    """Seed torch's (CPU), Python's and NumPy's global random streams from ``key``; restore them at the end."""
    with restored_streams():
        _seed(seed_number(*key))
        yield


def seed_step(seed: int, step: int, device: torch.device, rank: int = 0) -> None:
    """Make all global random streams (Python, NumPy, torch, the device's) a function of (seed, step, rank)."""
    number = seed_number(seed, STEP, step, *([rank] if rank else []))
    _seed(number)
    if device.type == "cuda":
        torch.cuda.manual_seed(number)
    elif device.type == "mps":
        torch.mps.manual_seed(number)


def _seed(number: int) -> None:
    torch.default_generator.manual_seed(number)  # torch.manual_seed would seed the accelerators too, and is slow
    random.seed(number)
    np.random.seed(number % 2**32)  # noqa: NPY002  a part may use the global stream
