"""Random streams: by name, and the global ones."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def named_generator(name: str) -> torch.Generator:
    """Return a new CPU generator seeded by ``name`` alone: the same name gives the same stream."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)


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
