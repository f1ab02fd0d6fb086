"""Named random streams of a step."""

import torch
from torch import Tensor

from i2ikit.ops.streams import named_generator


class RandomStreams:
    """Random streams by name, each a function of (seed, step, name) alone.

    Nothing has to be saved for a resumed run to draw the same, and a stream that is added or left out shifts no other.
    A step whose images are spread over several processes, or over several batches one after the other, draws what it
    would draw for all of them at once: what all images share is the same everywhere, what each has of its own goes by
    the image's place in the step.

    Args:
        seed: of the run.
        step: the running step, from 1.
        first: place of the batch's first image among all images of the step, from 0.
    """

    def __init__(self, seed: int, step: int, first: int = 0) -> None:
        self.seed, self.step, self.first = seed, step, first

    def generator(self, name: str, image: int = 0) -> torch.Generator:
        """Return a fresh CPU generator of this name, and of an image's place in the step; the same gives the same."""
        return named_generator(f"{self.seed}/{self.step}/{image}/{name}")

    def permutation(self, name: str, size: int, count: int) -> Tensor:
        """Return the first ``count`` of ``size`` places in random order, int64 (count,), the same for all images."""
        return torch.randperm(size, generator=self.generator(name))[:count]

    def noise(self, name: str, images: int, *size: int) -> Tensor:
        """Return float32 draws from N(0, 1) of size (images, *size), on the CPU, each image from its own stream."""
        places = range(self.first, self.first + images)
        drawn = [torch.randn(size, generator=self.generator(name, place), dtype=torch.float32) for place in places]
        return torch.stack(drawn)
