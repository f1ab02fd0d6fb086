"""Where the tiles of an image are, and how much each counts at a position."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from i2ikit.ops.image_tensors import padded_length


@dataclass(frozen=True)
class Span:
    """A tile along one axis, in pixels of the image.

    Attributes:
        start, stop: what is translated; ``stop`` may be beyond the end of the image by its padding.
        core: start and stop of what belongs to this tile alone; the cores of an axis cover it without overlap.
        before, after: half of the widths of the ramps around the two ends of the core; 0 at the ends of the image.
    """

    start: int
    stop: int
    core: tuple[int, int]
    before: int = 0
    after: int = 0

    def weights(self) -> Tensor:
        """Return the weight of the tile at each of its positions, (stop - start,); those of all tiles add up to 1."""
        return _step(self, self.core[0], self.before) - _step(self, self.core[1], self.after)


def spans(length: int, tile: int, halo: int, multiple: int = 1) -> list[Span]:
    """Return tiles that cover an axis.

    All starts and stops are multiples of ``multiple``, so that the grids of a network's smaller maps are those of the
    whole image. Neighbors overlap by twice the halo or more. Weights are linear ramps over the middle half of an
    overlap: the outer half of the halo, where a tile lacks its surroundings most, counts nothing.

    Args:
        length: pixels, >= 1.
        tile: pixels of a tile, a multiple of ``multiple``.
        halo: pixels around a tile's own part, >= 0; ``tile`` is larger than twice the halo by ``multiple`` or more.
        multiple: pixels, >= 1.
    """
    padded = padded_length(length, multiple)
    if padded <= tile:
        return [Span(0, padded, (0, padded))]
    stride = (tile - 2 * halo) // multiple * multiple
    count = -(-(padded - tile) // stride) + 1
    starts = [index * (padded - tile) // (count - 1) // multiple * multiple for index in range(count)]
    overlaps = [start + tile - following for start, following in pairwise(starts)]
    inner = [(start + overlap // 2) // multiple * multiple for start, overlap in zip(starts[1:], overlaps, strict=True)]
    borders, ramps = [0, *inner, padded], [0, *(overlap // 4 for overlap in overlaps), 0]
    return [
        Span(start, start + tile, (borders[n], borders[n + 1]), ramps[n], ramps[n + 1])
        for n, start in enumerate(starts)
    ]


def _step(span: Span, border: int, half: int) -> Tensor:
    """Return 0 below a border and 1 above it, with a linear ramp of ``half`` pixels on either side."""
    centers = torch.arange(span.start, span.stop) + 0.5 - border
    return (centers / (2 * half) + 0.5).clamp(0, 1) if half else (centers > 0).float()
