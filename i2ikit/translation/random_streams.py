"""Named random streams of a step."""

import torch
from torch import Tensor

from i2ikit.ops.streams import named_generator, without_replacement


class RandomStreams:
    """Random streams by name, each a function of (seed, step, name) alone.

    A resumed run gets the same random numbers without any saved state. Adding or removing a stream changes no other.
    A step can be split over several processes, or over several batches in sequence, without a change of its random
    numbers: those that all images share are the same in every part, and those of a single image depend on its index in
    the step.

    Args:
        seed: of the run.
        step: the current step, from 1.
        first: index of the batch's first image among all images of the step, from 0.
    """

    def __init__(self, seed: int, step: int, first: int = 0) -> None:
        self.seed, self.step, self.first = seed, step, first

    def generator(self, name: str, image: int = 0) -> torch.Generator:
        """Return a new CPU generator for this name and the index of an image in the step."""
        return named_generator(f"{self.seed}/{self.step}/{image}/{name}")

    def permutation(self, name: str, size: int, count: int) -> Tensor:
        """Return the first ``count`` of ``size`` positions in random order, int64 (count,), the same for all images."""
        return without_replacement(size, count, self.generator(name))

    def noise(self, name: str, images: int, *size: int) -> Tensor:
        """Return float32 samples from N(0, 1) of size (images, *size), on the CPU, each image from its own stream."""
        indices = range(self.first, self.first + images)
        samples = [torch.randn(size, generator=self.generator(name, index), dtype=torch.float32) for index in indices]
        return torch.stack(samples)
