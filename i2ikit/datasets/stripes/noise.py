"""Value noise for rendered scenes: random lattices, smoothly interpolated, summed over octaves; pure numpy."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]  # float32 throughout


def seeded(*key: int) -> np.random.Generator:
    """Return a generator whose random numbers depend on ``key`` (integers >= 0) alone, on every machine."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))


def uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Sample a number from low..high."""
    return low + (high - low) * float(rng.random())


def evenly(key: tuple[int, ...], index: int, factors: int) -> list[float]:
    """Return one number in 0..1 per factor such that a run of indices covers all combinations evenly.

    Sets of scenes then resemble each other more than independent samples would. Additive recurrence with the
    generalized golden ratio, from a start that depends on ``key``.

    Args:
        key: integers >= 0, of the set.
        index: number in the set, >= 0.
        factors: >= 1.
    Source:
        Roberts 2018, "The unreasonable effectiveness of quasirandom sequences".
    """
    ratio = 2.0
    for _ in range(64):  # the root of ratio^(factors + 1) = ratio + 1
        ratio = (1.0 + ratio) ** (1.0 / (factors + 1))
    start = seeded(*key).random(factors)
    return [float(start[k] + index * ratio ** -(k + 1)) % 1.0 for k in range(factors)]


def pick(choices: Sequence[Array] | Array, position: float) -> Array:
    """Return the choice at ``position`` in 0..1, all choices being equally wide."""
    return choices[min(int(position * len(choices)), len(choices) - 1)]


def ramp(x: Array, low: float, high: float) -> Array:
    """Rise smoothly from 0 at ``low`` to 1 at ``high`` (falls if high < low); any shape, same shape back."""
    t = np.clip((x - low) * (1.0 / (high - low)), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), dtype=np.float32)


def _cells(position: Array, cells: int) -> tuple[NDArray[np.intp], Array]:
    """Return the lattice cell of each position in 0..1, and how far into the cell it is, eased."""
    scaled = np.clip(position, 0.0, 1.0) * cells
    cell = np.minimum(scaled.astype(np.intp), cells - 1)
    inside = (scaled - cell).astype(np.float32)
    return cell, inside * inside * (3.0 - 2.0 * inside)


def curve(rng: np.random.Generator, x: Array, cells: int, octaves: int, *, persistence: float = 0.5) -> Array:
    """Render a fractal curve.

    Args:
        x: (W,) positions in 0..1.
        cells: bumps over 0..1 of the first octave, >= 1; doubles with each octave.
        octaves: >= 1.
        persistence: weight of an octave relative to the one before, in 0..1.

    Returns:
        (W,), in 0..1 with mean near 0.5.
    """
    total, weight, amplitude = np.zeros_like(x), 0.0, 1.0
    for octave in range(octaves):
        count = cells << octave
        values = rng.random(count + 1).astype(np.float32)
        cell, inside = _cells(x, count)
        total += amplitude * (values[cell] * (1.0 - inside) + values[cell + 1] * inside)
        weight += amplitude
        amplitude *= persistence
    return total / np.float32(weight)


def texture(
    rng: np.random.Generator,
    y: Array,
    x: Array,
    cells: tuple[int, int],
    octaves: int,
    *,
    persistence: float = 0.55,
) -> Array:
    """Render a fractal texture on the grid of rows ``y`` and columns ``x``.

    Args:
        y, x: (H,) and (W,) positions in 0..1, not necessarily even; a warp of y gives perspective.
        cells: bumps over 0..1 of the first octave along y and x, >= 1 each; double with each octave.
        octaves: >= 1.
        persistence: weight of an octave relative to the one before, in 0..1.

    Returns:
        (H, W), in 0..1 with mean near 0.5.
    """
    total = np.zeros((len(y), len(x)), dtype=np.float32)
    weight, amplitude = 0.0, 1.0
    for octave in range(octaves):
        rows, columns = cells[0] << octave, cells[1] << octave
        lattice = rng.random((rows + 1, columns + 1)).astype(np.float32)
        row, down = _cells(y, rows)
        column, right = _cells(x, columns)
        lines = lattice[row] * (1.0 - down)[:, None] + lattice[row + 1] * down[:, None]  # (H, columns + 1)
        lines *= np.float32(amplitude)
        left = lines[:, column]
        total += left + (lines[:, column + 1] - left) * right
        weight += amplitude
        amplitude *= persistence
    return total / np.float32(weight)


def mix(first: Array, second: Array, weight: Array) -> Array:
    """Blend two colors or images: ``first`` where weight is 0, ``second`` where it is 1.

    Shape: first, second (3, 1, 1) or (3, H, W); weight (H, W) or what broadcasts to it; returns (3, H, W).
    """
    blended: Array = first + (second - first) * weight
    return blended


def shrink(image: Array, rays: int) -> Array:
    """Average ``rays`` x ``rays`` samples into each pixel: (..., H * rays, W * rays) to (..., H, W)."""
    total = image[..., ::rays, :]
    for row in range(1, rays):
        total = total + image[..., row::rays, :]
    pixels = total[..., ::rays]
    for column in range(1, rays):
        pixels = pixels + total[..., column::rays]
    averaged: Array = pixels * np.float32(1.0 / rays**2)
    return averaged
