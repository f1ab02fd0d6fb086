"""Positions on a regular grid."""

from collections.abc import Sequence

import torch
from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.interfaces import Positions, Read, SamplingPlan, StepReader
from i2ikit.registry import SAMPLERS


@SAMPLERS.register_module()
class GridSampler:
    """Every ``stride``-th position in both directions: a layer is covered evenly, without randomness.

    Args:
        stride: step in positions of the map, >= 1; 1 takes all positions.
    Example:
        >>> (plan,) = GridSampler(stride=2).plan(None, [torch.zeros(1, 3, 4, 4)], [torch.zeros(1, 3, 4, 4)])
        >>> plan.ids
        tensor([ 0,  2,  8, 10])
    """

    def __init__(self, stride: int = 1) -> None:
        self.stride = positive_int("stride", stride)

    def reads(self) -> list[Read]:
        """Return what is read besides the features: nothing."""
        return []

    def plan(self, step: StepReader, keys: Sequence[Tensor], queries: Sequence[Tensor]) -> list[SamplingPlan]:
        """Return one plan per layer for features (B, C, H, W)."""
        return [Positions(self._ids(key)) for key in keys]

    def _ids(self, key: Tensor) -> Tensor:
        height, width = key.shape[-2:]
        rows = torch.arange(0, height, self.stride, device=key.device)[:, None]
        columns = torch.arange(0, width, self.stride, device=key.device)[None, :]
        return (rows * width + columns).flatten()
