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

    def forward(self, image: Tensor, *others: Tensor, draw: Any, expression: str) -> Tensor:
        """Return ``share * image + (1 - share) * other``, (B, C, H, W)."""
        (other,) = others
        share = torch.rand((len(image), 1, 1, 1), generator=named_generator(f"{draw}/{expression}")).to(image)
        return share * image + (1 - share) * other
