"""A step with random numbers and the logits of one discriminator."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from i2ikit.translation import RandomStreams


class FakeStep:
    first = 0

    def __init__(self, logits: list[Tensor], seed: int) -> None:
        self._logits, self._streams = logits, RandomStreams(seed, step=1)
        self.asked: list[tuple[str, str, bool]] = []

    def permutation(self, label: str, size: int, count: int) -> Tensor:
        return self._streams.permutation(label, size, count)

    def logits(self, discriminator: str, image: str, *, grad: bool = True) -> list[Tensor]:
        self.asked.append((discriminator, image, grad))
        return self._logits if grad else [x.detach() for x in self._logits]


@pytest.fixture
def fake_step(device: torch.device) -> Callable[..., FakeStep]:
    def make(*logits: Tensor, seed: int = 0) -> FakeStep:
        return FakeStep([x.to(device) for x in logits], seed)

    return make


@pytest.fixture
def maps(device: torch.device) -> Callable[..., list[Tensor]]:
    def make(*sizes: tuple[int, int], images: int = 2) -> list[Tensor]:
        return [torch.zeros(images, 3, height, width, device=device) for height, width in sizes]

    return make
