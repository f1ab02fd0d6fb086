"""A random point on the line between two images."""

from typing import Any

import torch
from torch import Tensor

from i2ikit.interfaces.progress import Progress
from i2ikit.ops.streams import image_generators, random_seed
from i2ikit.registry import VIEWS
from i2ikit.views.base import View


@VIEWS.register_module()
class Mix(View):
    """Mix two batches with one random weight per image: ``"mix(b, ab(a))"`` is where WGAN-GP takes its gradient.

    Source:
        Gulrajani et al. 2017, arXiv:1704.00028, algorithm 1.
    Example:
        >>> ones = torch.ones(1, 3, 8, 8)
        >>> mixed = Mix()(ones, -ones, sample=0, expression="b, ab(a)")
        >>> bool(mixed.min() == mixed.max()), bool(mixed.abs().max() <= 1)
        (True, True)
    """

    arguments = 2

    def sample(self, generator: torch.Generator, progress: Progress) -> int:
        """Return the seed of the weights."""
        return random_seed(generator)

    def forward(self, image: Tensor, *others: Tensor, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return ``weight * image + (1 - weight) * other``, (B, C, H, W)."""
        (other,) = others
        streams = image_generators(sample, expression, first, len(image))
        weight = torch.stack([torch.rand((1, 1, 1), generator=stream) for stream in streams]).to(image)
        return weight * image + (1 - weight) * other
