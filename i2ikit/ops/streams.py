"""Random streams by name."""

import hashlib

import torch


def named_generator(name: str) -> torch.Generator:
    """Return a new CPU generator seeded by ``name`` alone: the same name gives the same stream."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)
