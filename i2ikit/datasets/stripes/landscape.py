"""Rendered landscapes: a sky with clouds, ranges of hills in the haze, and textured ground in perspective."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from i2ikit.datasets.stripes.noise import Array, curve, mix, pick, ramp, seeded, shrink, texture, uniform


def colors(*values: tuple[float, float, float]) -> Array:
    """Return (N, 3, 1, 1) float32 colors, scaled to 0..1, from RGB triples in 0..255."""
    return (np.asarray(values, dtype=np.float32) / np.float32(255))[:, :, None, None]


# (zenith, just above the horizon)
SKIES = [
    colors((52, 112, 196), (176, 210, 238)),
    colors((88, 150, 214), (214, 230, 240)),
    colors((112, 132, 172), (236, 208, 186)),
    colors((96, 112, 176), (240, 196, 176)),
    colors((132, 152, 176), (206, 214, 220)),
    colors((64, 136, 184), (206, 226, 214)),
    colors((44, 104, 186), (200, 218, 232)),
]
# (shadow, body, light, bare patches)
GROUNDS = [
    colors((34, 66, 22), (82, 126, 44), (146, 176, 78), (122, 116, 62)),
    colors((50, 84, 30), (108, 148, 56), (172, 192, 96), (140, 132, 72)),
    colors((96, 78, 34), (178, 150, 76), (222, 200, 124), (142, 106, 62)),
    colors((78, 66, 32), (148, 132, 66), (196, 184, 108), (108, 120, 56)),
    colors((66, 44, 28), (128, 92, 60), (174, 138, 98), (104, 106, 52)),
    colors((90, 52, 34), (160, 100, 64), (200, 144, 100), (132, 118, 66)),
    colors((48, 66, 40), (100, 122, 74), (152, 166, 112), (138, 126, 92)),
]
HILLS = colors((72, 98, 60), (92, 104, 64), (84, 88, 84), (70, 104, 88), (116, 98, 70), (62, 84, 104))


TREES = colors((44, 62, 36), (58, 72, 40), (52, 70, 52), (74, 74, 44))
RAYS = 2  # per pixel and axis


@dataclass(frozen=True)
class Landscape:
    """A landscape without its animal.

    Attributes:
        image: (3, H, W) float32, RGB in 0..1.
        horizon: where the ground begins, as a fraction of the height from the top.
        light: -1 when the light comes from the left, 1 from the right.
        ground: (3, 1, 1) mean color of the ground, which the belly of an animal reflects.
    """

    image: Array
    horizon: float
    light: int
    ground: Array


def _haze(image: Array, horizon: float, pixels: int) -> Array:
    """Return (3, 1, 1): the mean color of the sky just above the horizon."""
    return np.asarray(image[:, max(0, int(horizon * pixels) - 1)].mean(axis=1)[:, None, None])


def _sky(rng: np.random.Generator, y: Array, x: Array, horizon: float, palette: Array) -> Array:
    zenith, low = palette
    height = ramp(y, -0.6 * horizon, horizon)[:, None]
    cover = uniform(rng, 0.42, 0.66)  # clouds show where the noise is above it
    cloud = texture(rng, y, x, (5, 3), 5)
    density = ramp(cloud, cover - 0.06, cover + 0.16) * np.float32(uniform(rng, 0.5, 0.95))
    belly = ramp(cloud, cover + 0.08, cover + 0.3) * np.float32(0.14)  # thick clouds are gray below
    white = np.float32(0.35) * low + np.float32(0.65)
    return mix(mix(zenith, low, height), white - belly, density)


def _ranges(
    rng: np.random.Generator, image: Array, y: Array, x: Array, horizon: float, light: int, pixels: int
) -> Array:
    """Render one to three ranges of hills, the farther the paler."""
    haze = _haze(image, horizon, pixels)
    count = 1 + int(rng.integers(3))
    for number in range(count):
        nearness = (number + 1) / count
        rise = uniform(rng, 0.08, 0.27) * (1.25 - 0.6 * nearness)
        bumps, key = 2 + int(rng.integers(4)), int(rng.integers(1 << 30))
        shape, smooth = curve(seeded(key), x, bumps, 5, persistence=0.45), curve(seeded(key), x, bumps, 2)
        ridge = np.float32(horizon + 0.01) - np.float32(rise) * np.maximum(shape - np.float32(0.15), 0.0)
        depth = y[:, None] - ridge
        slope = np.clip(np.gradient(smooth, x) * np.float32(-0.09 * light), -0.2, 0.2)
        relief = texture(rng, y, x, (16, 12), 3)
        tone = np.float32(0.72) + np.float32(0.56) * relief + slope * ramp(depth, 0.16, 0.0)
        color = mix(pick(HILLS, rng.random()), haze, np.full((1, 1), 0.62 - 0.42 * nearness, np.float32))
        hill = mix(color * tone, haze, ramp(depth, 0.0, 0.22) * np.float32(0.35))
        image = mix(image, hill, np.clip(depth * np.float32(pixels) + 0.5, 0.0, 1.0))
    return image


def _trees(rng: np.random.Generator, image: Array, y: Array, x: Array, horizon: float, pixels: int) -> Array:
    """Render a line of trees and bushes on the horizon, with gaps."""
    clumps = ramp(curve(rng, x, 4, 3), 0.42, 0.62)
    crowns = curve(rng, x, 22, 3, persistence=0.6)
    top = np.float32(horizon + 0.012) - clumps * (np.float32(0.012) + np.float32(0.07) * crowns)
    leaves = texture(rng, y, x, (48, 48), 2)
    green = pick(TREES, rng.random())
    depth = y[:, None] - top
    tone = np.float32(0.65) + np.float32(0.75) * leaves - ramp(depth, 0.0, 0.07) * np.float32(0.3)
    cover = np.clip(depth * np.float32(pixels) + 0.5, 0.0, 1.0) * (clumps > 0.02)
    return mix(image, green * tone, cover)


def _ground(rng: np.random.Generator, y: Array, x: Array, horizon: float, haze: Array, palette: Array) -> Array:
    """Render grass or earth for the rows ``y``."""
    shadow, body, light, bare = palette
    # Perspective: equal steps on the ground come closer together towards the horizon.
    near = np.clip((y - np.float32(horizon) + 0.02) / np.float32(1.02 - horizon), 0.0, 1.0)
    depth = np.log1p(near * 12) / np.float32(np.log(13.0))
    lumps = texture(rng, depth, x, (6, 4), 5, persistence=0.62)
    grain = texture(rng, depth, x, (44, 30), 2, persistence=0.7)
    blades = texture(rng, depth, x, (24, 72), 1)  # narrow and upright
    strength = (np.float32(0.35) + np.float32(0.65) * near)[:, None]
    tone = np.float32(0.5) + (lumps - np.float32(0.5)) * np.float32(1.2)
    tone += ((grain - np.float32(0.5)) * np.float32(0.5) + (blades - np.float32(0.5)) * np.float32(0.3)) * strength
    patches = ramp(texture(rng, depth, x, (3, 3), 3), 0.54, 0.68) * np.float32(uniform(rng, 0.1, 0.75))
    ground = mix(mix(shadow, body, ramp(tone, 0.0, 0.55)), light, ramp(tone, 0.5, 1.0))
    ground = mix(ground, bare * (np.float32(0.6) + np.float32(0.8) * tone), patches)
    return mix(ground, haze, ((1 - near) ** 6)[:, None] * np.float32(0.3))


def landscape(key: tuple[int, ...], mood: Sequence[float], size: int) -> Landscape:
    """Render a landscape.

    Args:
        key: integers >= 0; the same key gives the same landscape at every size.
        mood: height of the horizon, kind of sky, kind of ground, side of the light; four numbers in 0..1.
        size: height and width of the image in pixels, >= 1.
    """
    rng = seeded(*key)
    pixels = size * RAYS
    y = x = (np.arange(pixels, dtype=np.float32) + np.float32(0.5)) / np.float32(pixels)
    horizon = 0.3 + 0.2 * mood[0]
    light = 1 if mood[3] < 0.5 else -1
    palette = pick(GROUNDS, mood[2])
    end = min(pixels, int((horizon + 0.03) * pixels) + 2)  # of the rows where sky or hills show
    above = _ranges(rng, _sky(rng, y[:end], x, horizon, pick(SKIES, mood[1])), y[:end], x, horizon, light, pixels)
    if rng.random() < 0.55:
        above = _trees(rng, above, y[:end], x, horizon, pixels)
    start = max(0, int((horizon - 0.02) * pixels))
    ground = _ground(rng, y[start:], x, horizon, _haze(above, horizon, pixels), palette)
    edge = np.float32(horizon) + np.float32(0.03) * (curve(rng, x, 3, 3) - np.float32(0.5))
    cover = np.clip((y[start:end, None] - edge) * np.float32(pixels) + 0.5, 0.0, 1.0)
    seam = mix(above[:, start:end], ground[:, : end - start], cover)
    image = np.concatenate([above[:, :start], seam, ground[:, end - start :]], axis=1)
    return Landscape(shrink(image, RAYS), horizon, light, palette[1])
