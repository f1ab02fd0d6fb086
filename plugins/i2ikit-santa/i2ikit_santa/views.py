"""The random numbers of SANTA: noise of the latents, and positions on the path."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import one_of
from i2ikit.interfaces.progress import Progress
from i2ikit.ops.streams import image_generators, random_seed
from i2ikit.registry import VIEWS
from i2ikit.views.base import View

SIDES = {"far": 1.0, "near": -1.0}


@VIEWS.register_module()
class GaussianNoise(View):
    """Add noise from N(0, std^2) to each value, while training.

    Args:
        std: standard deviation, >= 0; 0 adds nothing. Published: 1.

    Raises:
        ValueError: ``std`` is negative.
    Source:
        Xie et al. 2023 (SANTA), CVPR, section 3: the latents are samples around the encoder's output.
    Example:
        >>> GaussianNoise(0.5)(torch.zeros(2, 4, 8, 8), sample=1, expression="enc(a)").std().item() < 0.6
        True
    """

    def __init__(self, std: float = 1.0) -> None:
        super().__init__()
        if std < 0:
            raise ValueError(f"std must be at least 0, not {std!r}")
        self.std = std

    def sample(self, generator: torch.Generator, progress: Progress) -> int | None:
        """Return the seed of this step's noise; None if there is none."""
        return random_seed(generator) if self.std else None

    def forward(self, image: Tensor, *others: Any, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return the latents with noise, (B, C, h, w)."""
        streams = image_generators(sample, expression, first, len(image))
        noise = torch.stack([torch.randn(image.shape[1:], generator=stream) for stream in streams])
        return image + self.std * noise.to(image)


@VIEWS.register_module()
class PathEnd(View):
    """One end of a short piece of the path, (B,) in 0..1: the center c in 0..1, plus or minus u.

    Both ends belong together if they have one ``stream`` and one ``interval``.

    Args:
        side: ``far``, min(c + u, 1), or ``near``, max(c - u, 0).
        interval: smallest and largest u, 0 <= smallest <= largest. Published: 0.05 and 0.1.

    Raises:
        ValueError: an argument is out of its range.
    Source:
        Xie et al. 2023 (SANTA), CVPR, section 3.3, in the form of the published code.
        differs: every image has its own c and u; the published code only runs with one image.
    Example:
        >>> far = PathEnd("far")(torch.zeros(2, 3, 8, 8), sample=1, expression="")
        >>> far.shape, bool((far > 0.05).all() and (far <= 1).all())
        (torch.Size([2]), True)
    """

    arguments = 0

    def __init__(self, side: str, interval: Sequence[float] = (0.05, 0.1)) -> None:
        super().__init__()
        self.side = SIDES[one_of("side", side, SIDES)]
        if len(interval) != 2 or not 0 <= interval[0] <= interval[1]:
            raise ValueError(f"interval must be the smallest and the largest u, both at least 0, not {interval!r}")
        self.low, self.high = interval

    def sample(self, generator: torch.Generator, progress: Progress) -> int:
        """Return the seed of this step's pieces."""
        return random_seed(generator)

    def forward(self, image: Tensor, *others: Any, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return the positions (B,) of as many images as ``image`` has."""
        streams = image_generators(sample, expression, first, len(image))
        center, u = torch.stack([torch.rand(2, generator=stream) for stream in streams]).unbind(1)
        return (center + self.side * (self.low + (self.high - self.low) * u)).clamp(0, 1).to(image)
