"""Statistics of norms, measured in parts of an image and put together."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from i2ikit.inference.norm_statistics import Moments

Region = tuple[float, float, float, float]  # top, bottom, left and right of a part of an image, as shares of its sides
ALL: Region = (0, 1, 0, 1)


class Part(NamedTuple):
    """What a norm measures in a part of an image.

    Attributes:
        values: their number in each group of channels.
        mean, variance: (G,).
    """

    values: float
    mean: Tensor
    variance: Tensor


def measure(maps: Tensor, region: Region = ALL) -> Part:
    """Return the statistics of a region of all images of a batch together.

    Shape:
        maps: (B, G, C / G, H, W).
    """
    height, width = maps.shape[-2:]
    rows, columns = _range(*region[:2], height), _range(*region[2:], width)
    part = maps[..., rows, columns].float()
    variance, mean = torch.var_mean(part, dim=(0, *range(2, part.ndim)), correction=0)
    return Part(part.numel() / len(mean), mean, variance)


class Total:
    """Statistics of all parts of an image, in float64; merged as in Chan et al. 1979, eq. 2.1."""

    def __init__(self) -> None:
        self._count, self._mean, self._squares = 0.0, torch.zeros(1), torch.zeros(1)

    def add(self, part: Part) -> None:
        """Add a part."""
        mean, variance = part.mean.double().cpu(), part.variance.double().cpu()
        total = self._count + part.values
        distance = mean - self._mean
        self._squares = self._squares + variance * part.values + distance.square() * (self._count * part.values / total)
        self._mean = self._mean + distance * (part.values / total)
        self._count = total

    def moments(self) -> Moments:
        """Return mean and variance of all values, (1, G)."""
        return Moments(self._mean.float()[None], (self._squares / self._count).float()[None])


class GivenMoments:
    """A rule for norms that have their statistics already.

    Args:
        given: in the order in which the network calls its norms, which is the same in each of its calls.
    """

    def __init__(self, given: Sequence[Moments]) -> None:
        self._given, self._calls = given, 0

    def __call__(self, name: str, maps: Tensor) -> Moments:
        """Return the statistics of the next norm."""
        self._calls += 1
        return self._given[(self._calls - 1) % len(self._given)]


class JointMoments:
    """A rule for norms: the statistics of all images of a batch together, which are kept.

    Args:
        region: the part of each image that is measured.

    Attributes:
        found: in the order of the calls.
    """

    def __init__(self, region: Region = ALL) -> None:
        self._region = region
        self.found: list[Moments] = []

    def __call__(self, name: str, maps: Tensor) -> Moments:
        """Return the statistics of the maps."""
        total = Total()
        total.add(measure(maps, self._region))
        self.found.append(total.moments())
        return self.found[-1]


def _range(start: float, stop: float, length: int) -> slice:
    first = min(round(start * length), length - 1)
    return slice(first, max(round(stop * length), first + 1))
