"""Tapered limbs, and their smooth union on a pixel grid with rounded surfaces and a coordinate for stripes."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np

from i2ikit.datasets.stripes.noise import Array

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, right, bottom, top
Window = tuple[slice, slice]


@dataclass(frozen=True)
class Limb:
    """A rod with round ends whose radius changes evenly from one end to the other.

    Attributes:
        start, end: centers of the round ends.
        radii: at the start and at the end, > 0.
        phase: stripes passed before ``start``.
        grain: (x, y) direction across the stripes, in stripes per trunk length.
    """

    start: Point
    end: Point
    radii: tuple[float, float]
    phase: float = 0.0
    grain: Point = (0.0, 0.0)

    def phase_at(self, point: Point) -> float:
        """Return the stripes passed until ``point``."""
        return self.phase + self.grain[0] * (point[0] - self.start[0]) + self.grain[1] * (point[1] - self.start[1])


def bounds(limbs: Sequence[Limb]) -> Box:
    """Return (left, right, bottom, top) of all limbs."""
    ends = [end for limb in limbs for end in zip((limb.start, limb.end), limb.radii, strict=True)]
    left, bottom = (min(point[axis] - radius for point, radius in ends) for axis in (0, 1))
    right, top = (max(point[axis] + radius for point, radius in ends) for axis in (0, 1))
    return left, right, bottom, top


@dataclass(frozen=True)
class Shape:
    """Limbs united on the part of a pixel grid that they touch.

    Attributes:
        window: rows and columns of the grid that the arrays cover.
        cover: (h, w) fraction of each pixel that is covered, 0..1.
        normal_x, normal_y, normal_z: (h, w) unit normal of the rounded surface: x to the right, y up, z to the viewer.
        phase: (h, w) stripes passed so far; integers are the middle of dark stripes.
    """

    window: Window
    cover: Array
    normal_x: Array
    normal_y: Array
    normal_z: Array
    phase: Array


def _span(positions: Array, low: float, high: float) -> slice:
    """Return the part of a monotonic row of positions in low..high."""
    inside = np.flatnonzero((positions >= low) & (positions <= high))
    return slice(int(inside[0]), int(inside[-1]) + 1) if len(inside) else slice(0, 0)


def _window(x: Array, y: Array, box: Box, margin: float) -> Window:
    left, right, bottom, top = box
    return _span(y, bottom - margin, top + margin), _span(x, left - margin, right + margin)


def unite(limbs: Sequence[Limb], x: Array, y: Array, pixel: float, *, softness: float = 0.02) -> Shape:
    """Unite limbs smoothly on the grid of columns ``x`` and rows ``y``.

    Args:
        limbs: at least one.
        x, y: (W,) and (H,) in trunk lengths; y falls from row to row, x may rise or fall.
        pixel: size of a pixel in trunk lengths, > 0.
        softness: how far two limbs melt into each other, in trunk lengths, > 0.
    """
    margin = 2 * pixel + 5 * softness
    window = _window(x, y, bounds(limbs), margin)
    x, y = x[window[1]], y[window[0]]
    nearness = np.full((len(y), len(x)), 1e-12, dtype=np.float32)  # exp(distance inside / softness), summed
    phase, bulge = np.zeros_like(nearness), np.zeros_like(nearness)
    for limb in limbs:
        part = _window(x, y, bounds([limb]), margin)
        along_x, along_y = limb.end[0] - limb.start[0], limb.end[1] - limb.start[1]
        square_length = max(hypot(along_x, along_y), 1e-6) ** 2
        from_x = (x[part[1]] - np.float32(limb.start[0]))[None]
        from_y = (y[part[0]] - np.float32(limb.start[1]))[:, None]
        t = from_x * np.float32(along_x / square_length) + from_y * np.float32(along_y / square_length)
        t = np.clip(t, 0.0, 1.0)
        square = (from_x - t * np.float32(along_x)) ** 2 + (from_y - t * np.float32(along_y)) ** 2
        radius = np.float32(limb.radii[0]) + t * np.float32(limb.radii[1] - limb.radii[0])
        weight = np.exp((radius - np.sqrt(square)) * np.float32(1.0 / softness))
        nearness[part] += weight
        across = from_x * np.float32(limb.grain[0]) + from_y * np.float32(limb.grain[1]) + np.float32(limb.phase)
        phase[part] += weight * across
        bulge[part] += np.maximum(radius * radius - square, 0.0) ** 2  # fourth power of the surface's height
    cover = np.clip(np.log(nearness) * np.float32(softness / pixel) + np.float32(0.5), 0.0, 1.0)
    right, down = _slopes(np.sqrt(np.sqrt(bulge)), pixel)
    scale = 1.0 / np.sqrt(right * right + down * down + np.float32(1.0))
    return Shape(window, cover, -right * scale, down * scale, scale, phase / nearness)


def _slopes(height: Array, pixel: float) -> tuple[Array, Array]:
    """Return the rise per length to the right and downwards, by central differences; 0 on the border."""
    right, down = np.zeros_like(height), np.zeros_like(height)
    half = np.float32(0.5 / pixel)
    right[:, 1:-1] = (height[:, 2:] - height[:, :-2]) * half
    down[1:-1] = (height[2:] - height[:-2]) * half
    return right, down
