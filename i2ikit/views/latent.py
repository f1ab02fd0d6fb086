"""Random vectors."""

from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.interfaces.progress import Progress
from i2ikit.ops.streams import image_generators, random_seed
from i2ikit.registry import VIEWS
from i2ikit.views.base import View


@VIEWS.register_module()
class Latent(View):
    """A vector of independent N(0, 1) values for each image, ``z``; ``z(1)`` and ``z(2)`` are others.

    It is what a generator with an extra input of kind ``"vector"`` turns into one of many translations, ``"ab(a, z)"``.

    Args:
        size: width of the vector, at least 1.
    Shape:
        returns (B, size).
    Source:
        Huang et al. 2018 (MUNIT), arXiv:1804.04732, section 3: the prior of a style.
    Example:
        >>> from i2ikit.interfaces.progress import Progress
        >>> z = Latent(8)
        >>> z(torch.zeros(2, 3, 4, 4), sample=z.sample(torch.Generator(), Progress(1, 1, 1, 1)), expression="").shape
        torch.Size([2, 8])
    """

    arguments = 0

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = positive_int("size", size)

    def sample(self, generator: torch.Generator, progress: Progress) -> int:
        """Return the seed of the vectors."""
        return random_seed(generator)

    def forward(self, image: Tensor, *others: Any, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return the vectors (B, size) of a batch."""
        streams = image_generators(sample, expression, first, len(image))
        return torch.stack([torch.randn(self.size, generator=stream) for stream in streams]).to(image)
