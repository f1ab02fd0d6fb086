"""A step that knows nothing but its draws and one discriminator's answers."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from i2ikit.translation import RandomStreams


class DrawingStep:
    first = 0

    def __init__(self, logits: list[Tensor], seed: int) -> None:
        self._logits, self._draws = logits, RandomStreams(seed, step=1)
        self.asked: list[tuple[str, str, bool]] = []

    def permutation(self, label: str, size: int, count: int) -> Tensor:
        return self._draws.permutation(label, size, count)

    def logits(self, discriminator: str, image: str, *, grad: bool = True) -> list[Tensor]:
        self.asked.append((discriminator, image, grad))
        return self._logits if grad else [x.detach() for x in self._logits]


@pytest.fixture
def drawing_step() -> Callable[..., DrawingStep]:
    def make(*logits: Tensor, seed: int = 0) -> DrawingStep:
        return DrawingStep(list(logits), seed)

    return make


@pytest.fixture
def maps() -> Callable[..., list[Tensor]]:
    def make(*sizes: tuple[int, int], images: int = 2) -> list[Tensor]:
        return [torch.zeros(images, 3, height, width) for height, width in sizes]

    return make
