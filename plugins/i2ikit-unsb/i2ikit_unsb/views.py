"""The views of UNSB: a step of the bridge, the time, and pairs of images for the energy."""

from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import positive, positive_int
from i2ikit.interfaces.progress import Progress
from i2ikit.ops.streams import image_generators, random_seed
from i2ikit.registry import VIEWS
from i2ikit.views.base import View
from i2ikit_unsb.chain import drawn_time
from i2ikit_unsb.times import bridge_times


@VIEWS.register_module()
class BridgeStep(View):
    """X_s from X_{s-1} and what the generator makes of it: ``step(x, ab(x, z), 1)``. No gradient flows through it.

    With d = tau_s - tau_{s-1} and k = d / (1 - tau_{s-1}): (1 - k) x + k y + sqrt(d (1 - k) tau) eps, eps from N(0, I).

    Args:
        steps: T, of the bridge, >= 2.
        tau: entropy, > 0. Published: 0.01.

    Raises:
        ValueError: an argument is out of its range.
    Source:
        Kim et al. 2023 (UNSB), arXiv:2305.15086, eq. 8, in the form of the published code.
    Example:
        >>> BridgeStep(5)(torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8), 1.0, sample=1, expression="a").mean() > 0.4
        tensor(True)
    """

    differentiable = False
    arguments = 2
    numbers = 1
    at_test = True

    def __init__(self, steps: int = 5, *, tau: float = 0.01) -> None:
        super().__init__()
        self.times, self.tau = bridge_times(positive_int("steps", steps)), positive("tau", tau)

    def sample(self, generator: torch.Generator, progress: Progress) -> int:
        """Return the seed of the noise."""
        return random_seed(generator)

    def noise(self, image: Tensor, sample: Any, expression: str, first: int) -> Tensor:
        """Return eps for a batch ``image``, each image from its own stream."""
        streams = image_generators(sample, expression, first, len(image))
        return torch.stack([torch.randn(image.shape[1:], generator=stream) for stream in streams]).to(image)

    def forward(self, image: Tensor, *others: Any, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return X_s (B, C, H, W) from X_{s-1}, the generator's image, and s."""
        made, step = others
        before, now = self.times[int(step) - 1], self.times[int(step)]
        length = now - before
        share = length / (1 - before)
        deviation = (length * (1 - share) * self.tau) ** 0.5
        return (1 - share) * image + share * made + deviation * self.noise(image, sample, expression, first)


@VIEWS.register_module()
class BridgeTime(View):
    """The number of steps t that a ``BridgeChain`` with the same ``steps`` and ``stream`` takes, (B,).

    Args:
        steps: T, of the bridge, >= 2.

    Raises:
        ValueError: ``steps`` is out of its range.
    Example:
        >>> BridgeTime(5)(torch.zeros(2, 3, 8, 8), sample=3, expression="")
        tensor([3., 3.])
    """

    arguments = 0

    def __init__(self, steps: int = 5) -> None:
        super().__init__()
        self.steps = positive_int("steps", steps)

    def sample(self, generator: torch.Generator, progress: Progress) -> int:
        """Return t."""
        return drawn_time(generator, self.steps)

    def forward(self, image: Tensor, *others: Any, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return t for as many images as ``image`` has."""
        return torch.full((len(image),), float(sample), dtype=image.dtype, device=image.device)


@VIEWS.register_module()
class ChannelStack(View):
    """Put the channels of several images of one size together: ``pair(x, y)``.

    Args:
        images: number of images, at least 2.
    Shape:
        (B, C, H, W) each -> (B, images * C, H, W).

    Raises:
        ValueError: ``images`` is below 2.
    Example:
        >>> ChannelStack(2)(torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8), sample=True, expression="a, b").shape
        torch.Size([1, 6, 8, 8])
    """

    def __init__(self, images: int) -> None:
        super().__init__()
        if positive_int("images", images) < 2:
            raise ValueError(f"images must be at least 2, not {images}")
        self.arguments = images

    def sample(self, generator: torch.Generator, progress: Progress) -> bool:
        """Return True: there is nothing random in it."""
        return True

    def forward(self, image: Tensor, *others: Any, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return the images along channels."""
        return torch.cat([image, *others], dim=1)
