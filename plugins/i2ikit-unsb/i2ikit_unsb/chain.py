"""A chain of steps along the bridge, of random length while training."""

from typing import Any

import torch

from i2ikit.checks import positive_int
from i2ikit.interfaces.progress import Progress
from i2ikit.registry import VIEWS
from i2ikit.views.base import UnfoldingView


def drawn_time(generator: torch.Generator, steps: int) -> int:
    """Return a number of steps, uniform in 0 .. ``steps`` - 1."""
    return int(torch.randint(steps, (), generator=generator).item())


@VIEWS.register_module()
class BridgeChain(UnfoldingView):
    """The image after some steps of the bridge: ``chain(a, 0)`` is X_t of ``a``.

    Each step is ``STEP(x, GENERATOR(x, LATENT(n, s)), s)`` of the image x before it. The number n, the second argument,
    tells chains of one step of training apart: each has latents of its own.

    Args:
        steps: T, of the bridge, >= 2; t is uniform in 0 .. T - 1. Views with one ``stream`` have one t.
        length: a fixed t, 0 .. T - 1, as translation needs it; None: random.
        generator: name of the generator.
        latent: name of a view of no images, the latents.
        step: name of a ``BridgeStep``.

    Raises:
        ValueError: an argument is out of its range.
    Source:
        Kim et al. 2023 (UNSB), arXiv:2305.15086, algorithm 1.
    Example:
        >>> BridgeChain(5).unfold(("a", "1"), 2)
        'step(step(a, ab(a, z(1, 0)), 1), ab(step(a, ab(a, z(1, 0)), 1), z(1, 1)), 2)'
    """

    numbers = 1

    def __init__(
        self,
        steps: int = 5,
        *,
        length: int | None = None,
        generator: str = "ab",
        latent: str = "z",
        step: str = "step",
    ) -> None:
        super().__init__()
        if positive_int("steps", steps) < 2:
            raise ValueError(f"steps must be at least 2, not {steps}")
        if length is not None and not 0 <= length < steps:
            raise ValueError(f"length must be in 0..{steps - 1} for steps={steps}, not {length!r}")
        self.steps, self.length = steps, length
        self.generator, self.latent, self.step = generator, latent, step

    def sample(self, generator: torch.Generator, progress: Progress) -> int:
        """Return t."""
        return drawn_time(generator, self.steps) if self.length is None else self.length

    def unfold(self, arguments: tuple[str, ...], sample: Any) -> str:
        """Return the expression of the image after ``sample`` steps."""
        image, number = arguments
        for index in range(sample):
            made = f"{self.generator}({image}, {self.latent}({number}, {index}))"
            image = f"{self.step}({image}, {made}, {index + 1})"
        return image
