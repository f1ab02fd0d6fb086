"""Rendered scenes: an animal, plain or striped, in a landscape; antialiased, the same at every size."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from i2ikit.checks import positive_int
from i2ikit.datasets.stripes.animal import Body, animal
from i2ikit.datasets.stripes.fur import BLACK, HOOF, Fur, PlainFur, StripedFur
from i2ikit.datasets.stripes.landscape import Landscape, landscape
from i2ikit.datasets.stripes.limbs import Shape, unite
from i2ikit.datasets.stripes.noise import Array, evenly, mix, ramp, seeded, shrink, texture, uniform

RAYS = 3  # per pixel and axis, where the animal is
PERIOD = (6.0 / 64, 8.5 / 64)  # of the stripes on the trunk, as a fraction of the image's width

FIXED = {"far_hooves": HOOF, "hooves": HOOF, "eye": BLACK, "nostril": BLACK}  # the same in every fur


@dataclass(frozen=True)
class Placement:
    """Where an animal is: right = x + direction * scale * body x, down = y - scale * body y, fractions of the size."""

    body: Body
    x: float
    y: float
    scale: float
    direction: int


def _place(key: tuple[int, ...], horizon: float) -> Placement:
    """Sample an animal and a position with all of it in the image and its feet on the ground."""
    rng = seeded(*key)
    scale = uniform(rng, 0.42, 0.56)
    period = min(max(scale * uniform(rng, 0.165, 0.215), PERIOD[0]), PERIOD[1])
    body = animal(rng, scale / period)
    direction = 1 if rng.random() < 0.5 else -1
    left, right, bottom, top = body.box()
    scale = min(scale, 0.96 / (right - left), 0.9 / (top - bottom))
    feet = uniform(rng, max(0.7, horizon + 0.2), 0.94)
    y = max(feet + scale * bottom, 0.03 + scale * top)
    ends = sorted((direction * scale * left, direction * scale * right))
    return Placement(body, uniform(rng, 0.01 - ends[0], 0.99 - ends[1]), y, scale, direction)


def _shadow(view: Landscape, place: Placement) -> Array:
    """Return the landscape, (3, S, S), with the animal's soft shadow on the ground."""
    size = view.image.shape[1]
    centers = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
    scale, feet = place.scale, place.body.feet

    def blot(x: float, y: float, width: float, height: float, strength: float) -> Array:
        across = ((centers - np.float32(x)) / np.float32(width * scale)) ** 2
        down = ((centers - np.float32(y)) / np.float32(height * scale)) ** 2
        return np.exp(-down)[:, None] * np.exp(-across) * np.float32(strength)

    away = -0.16 * view.light * scale
    ground = place.y - scale * min(foot[1] for foot in feet)
    dark = blot(place.x + away, ground - 0.008, 0.62, 0.075, 0.5)
    for x, y in feet:
        under = place.x + place.direction * scale * x + 0.1 * away
        dark += blot(under, place.y - scale * y + 0.004, 0.075, 0.03, 0.35)
    return view.image * (np.float32(1.0) - np.minimum(dark, np.float32(0.72)))


class Scene:
    """One scene: the same landscape and the same animal, in plain or in striped fur.

    Args:
        key: integers >= 0 that name a set of scenes.
        index: number in the set, >= 0; the same key and index give the same scene at every size. A run of scenes has
            its kinds of sky, ground and fur equally often.
        size: height and width in pixels, >= 1.

    Raises:
        ValueError: size is not an integer above 0.
    """

    def __init__(self, key: tuple[int, ...], index: int, size: int) -> None:
        self._key, self._size = (*key, index), positive_int("size", size)
        *mood, self._kind = evenly(key, index, 5)
        self._view = landscape((*self._key, 0), mood, size)
        self._place = _place((*self._key, 1), self._view.horizon)
        self._ground = _shadow(self._view, self._place)
        self._rows, self._columns = self._pixels()
        self._x, self._y = self._rays()
        pixel = 1.0 / (size * RAYS * self._place.scale)
        layers = self._place.body.layers.items()  # from back to front
        self._shapes = {name: unite(limbs, self._x, self._y, pixel) for name, limbs in layers}

    def plain(self) -> NDArray[np.uint8]:
        """Return (S, S, 3) uint8: the animal in plain fur."""
        return self._paint(PlainFur.sample(seeded(*self._key, 3), self._kind))

    def striped(self) -> NDArray[np.uint8]:
        """Return (S, S, 3) uint8: the animal in striped fur."""
        return self._paint(StripedFur.sample(seeded(*self._key, 4)))

    def mask(self) -> NDArray[np.bool_]:
        """Return (S, S) bool: where more than half of a pixel is animal."""
        mask = np.zeros((self._size, self._size), dtype=np.bool_)
        covered = np.zeros((len(self._y), len(self._x)), dtype=np.float32)
        for shape in self._shapes.values():
            covered[shape.window] = np.maximum(covered[shape.window], shape.cover)
        mask[self._rows, self._columns] = shrink(covered, RAYS) > 0.5
        return mask

    def _pixels(self) -> tuple[slice, slice]:
        """Return the rows and the columns of the image around the animal."""
        place, size = self._place, self._size
        left, right, bottom, top = place.body.box()
        ends = sorted(place.x + place.direction * place.scale * end for end in (left, right))
        rows = place.y - place.scale * top, place.y - place.scale * bottom
        top_row, bottom_row = max(0, int(rows[0] * size) - 2), min(size, int(rows[1] * size) + 3)
        return slice(top_row, bottom_row), slice(max(0, int(ends[0] * size) - 2), min(size, int(ends[1] * size) + 3))

    def _rays(self) -> tuple[Array, Array]:
        """Return the columns and the rows of rays around the animal, in its own coordinates."""
        centers = (np.arange(self._size * RAYS, dtype=np.float32) + np.float32(0.5)) / np.float32(self._size * RAYS)
        columns = centers[self._columns.start * RAYS : self._columns.stop * RAYS]
        rows = centers[self._rows.start * RAYS : self._rows.stop * RAYS]
        place = self._place
        x = (columns - np.float32(place.x)) * np.float32(place.direction / place.scale)
        return x, (np.float32(place.y) - rows) * np.float32(1.0 / place.scale)

    def _lit(self, color: Array, shape: Shape, shade: float) -> Array:
        """Return (3, h, w): ``color`` in the light of the sun, of the sky and of the ground."""
        sunlight = np.float32(0.5 * self._view.light) * shape.normal_x
        sunlight = sunlight + np.float32(0.72) * shape.normal_y + np.float32(0.48) * shape.normal_z
        light = np.float32(0.5) + np.float32(0.62) * np.maximum(sunlight, np.float32(0.0))
        reflected = np.maximum(-shape.normal_y, np.float32(0.0)) * np.float32(0.1)
        return color * (light + self._view.ground * reflected) * np.float32(shade)

    def _noise(self) -> Array:
        """Return (2, h, w) in 0..1: two textures of the fur."""
        across, down = (self._x + np.float32(1.3)) / np.float32(2.6), (np.float32(1.3) - self._y) / np.float32(2.6)
        rng = seeded(*self._key, 2)
        fine = texture(rng, down, across, (14, 14), 3)
        return ramp(np.stack([fine, texture(rng, down, across, (16, 16), 1)]), 0.15, 0.85)

    def _color(self, layer: str, fur: Fur, shape: Shape, noise: Array, low: Array) -> Array:
        """Return (3, h, w) or (3, 1, 1): the color of a layer before light."""
        if layer == "mane":
            return fur.mane_coat(shape, noise)
        if layer == "tuft":
            return fur.tuft * (np.float32(0.7) + np.float32(0.6) * noise[0])
        if layer in FIXED:
            return FIXED[layer]
        return fur.muzzle if layer == "muzzle" else fur.coat(shape, noise, low)

    def _paint(self, fur: Fur) -> NDArray[np.uint8]:
        """Return the image with the animal in this fur."""
        noise = self._noise()
        foot = self._place.body.box()[2]
        low = ramp(self._y, foot + 0.3, foot + 0.16)[:, None]
        paint = np.zeros((3, *noise.shape[1:]), dtype=np.float32)
        clear = np.ones_like(noise[0])  # what is still seen of the landscape
        for name, shape in self._shapes.items():
            window = (slice(None), *shape.window)
            color = self._color(name, fur, shape, noise[window], low[shape.window[0]])
            shade = 0.62 if name.startswith("far_") else 1.0
            paint[window] = mix(paint[window], self._lit(color, shape, shade), shape.cover)
            clear[shape.window] *= np.float32(1.0) - shape.cover
        image = self._ground.copy()
        window = (slice(None), self._rows, self._columns)
        image[window] = image[window] * shrink(clear, RAYS) + shrink(paint, RAYS)
        levels = np.clip(image, 0.0, 1.0) * np.float32(255) + np.float32(0.5)
        return np.ascontiguousarray(levels.astype(np.uint8).transpose(1, 2, 0))
