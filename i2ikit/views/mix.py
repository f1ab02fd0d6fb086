"""A random point on the line between two images."""

from typing import Any

import torch
from torch import Tensor

from i2ikit.ops.streams import named_generator
from i2ikit.registry import VIEWS
from i2ikit.views.base import View


@VIEWS.register_module()
class Mix(View):
    """Mix two batches with one random share per image: ``"mix(b, ab(a))"`` is where WGAN-GP takes its gradient.

    Source:
        Gulrajani et al. 2017, arXiv:1704.00028, algorithm 1.
    """

    arguments = 2

    def draw(self, generator: torch.Generator) -> int:
        """Return the seed of the shares."""
        return int(torch.randint(2**62, (), generator=generator).item())

    def forward(self, image: Tensor, *others: Tensor, draw: Any, expression: str, first: int = 0) -> Tensor:
        """Return ``share * image + (1 - share) * other``, (B, C, H, W)."""
        (other,) = others
        streams = [named_generator(f"{draw}/{expression}/{place}") for place in range(first, first + len(image))]
        share = torch.stack([torch.rand((1, 1, 1), generator=stream) for stream in streams]).to(image)
        return share * image + (1 - share) * other
