"""Random numbers."""

from typing import Any

import torch
from torch import Tensor

from i2ikit.interfaces.progress import Progress
from i2ikit.ops.streams import image_generators, random_seed
from i2ikit.registry import VIEWS
from i2ikit.views.base import View


@VIEWS.register_module()
class Uniform(View):
    """A number for each image, uniform in an interval: a position, a strength, a time. ``t(1)`` and ``t(2)`` differ.

    It fits an extra input of kind ``"scalar"``: ``"dec(enc(a), t)"``.

    Args:
        low, high: ends of the interval, low <= high.
    Shape:
        returns (B,).

    Raises:
        ValueError: low is above high.
    Example:
        >>> from i2ikit.interfaces.progress import Progress
        >>> t = Uniform(0.5, 0.5)
        >>> t(torch.zeros(2, 3, 4, 4), sample=t.sample(torch.Generator(), Progress(1, 1, 1, 1)), expression="")
        tensor([0.5000, 0.5000])
    """

    arguments = 0

    def __init__(self, low: float = 0.0, high: float = 1.0) -> None:
        super().__init__()
        if not low <= high:
            raise ValueError(f"low must be at most high, not {low!r} and {high!r}")
        self.low, self.high = low, high

    def sample(self, generator: torch.Generator, progress: Progress) -> int:
        """Return the seed of the numbers."""
        return random_seed(generator)

    def forward(self, image: Tensor, *others: Any, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return the numbers (B,) of a batch."""
        streams = image_generators(sample, expression, first, len(image))
        numbers = torch.stack([torch.rand((), generator=stream) for stream in streams]).to(image)
        return self.low + (self.high - self.low) * numbers
