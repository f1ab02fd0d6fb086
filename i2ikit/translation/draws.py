"""Named random streams of a step."""

import torch
from torch import Tensor

from i2ikit.ops.streams import named_generator


class Draws:
    """Random streams by name, each a function of (seed, step, name) alone.

    Nothing has to be saved for a resumed run to draw the same, and a stream that is added or left out shifts no other.

    Args:
        seed: of the run.
        step: the running step, from 1.
        rank: of the process, so that processes draw different places.
    """

    def __init__(self, seed: int, step: int, rank: int = 0) -> None:
        self.seed, self.step, self.rank = seed, step, rank

    def generator(self, name: str) -> torch.Generator:
        """Return a fresh CPU generator of this name; the same name gives the same stream again."""
        return named_generator(f"{self.seed}/{self.step}/{self.rank}/{name}")

    def permutation(self, name: str, size: int, count: int) -> Tensor:
        """Return the first ``count`` of ``size`` places in random order, int64 (count,)."""
        return torch.randperm(size, generator=self.generator(name))[:count]

    def noise(self, name: str, *size: int) -> Tensor:
        """Return float32 draws from N(0, 1) of this size, on the CPU."""
        return torch.randn(size, generator=self.generator(name), dtype=torch.float32, device="cpu")
