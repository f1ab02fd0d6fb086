"""How drawn animals are coloured: plain furs of horses and donkeys, and the black and white of zebras."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from i2ikit.ops.scene_landscape import colours
from i2ikit.ops.scene_limbs import Shape
from i2ikit.ops.scene_noise import Array, mix, ramp, uniform

# (back and flanks, belly, mane and tail, muzzle, lower legs)
PLAIN = [
    colours((150, 84, 42), (176, 112, 66), (48, 32, 24), (84, 50, 34), (70, 44, 30)),  # bay
    colours((172, 96, 48), (196, 128, 80), (178, 112, 62), (150, 90, 58), (170, 100, 56)),  # chestnut
    colours((96, 56, 34), (118, 76, 50), (44, 28, 20), (62, 40, 30), (66, 40, 28)),  # dark brown
    colours((198, 148, 88), (216, 178, 126), (76, 54, 36), (128, 92, 60), (104, 74, 48)),  # dun
    colours((206, 160, 92), (222, 188, 132), (238, 226, 200), (190, 148, 104), (214, 180, 128)),  # palomino
    colours((146, 144, 144), (178, 176, 174), (92, 90, 92), (96, 92, 92), (110, 108, 108)),  # grey
    colours((112, 112, 120), (148, 148, 152), (58, 58, 64), (74, 72, 76), (76, 76, 82)),  # blue grey
    colours((228, 224, 214), (208, 204, 196), (240, 236, 226), (168, 156, 150), (222, 216, 206)),  # white
    colours((136, 118, 102), (190, 178, 162), (66, 54, 48), (206, 196, 182), (150, 134, 118)),  # donkey
]
BLACK, WHITE = colours((20, 18, 18), (240, 238, 232))
HOOF, MUZZLE = colours((44, 38, 34), (40, 35, 34))


@dataclass(frozen=True)
class PlainFur:
    """One colour over the body, with a mane, a muzzle, a belly and legs of their own.

    Attributes:
        back, belly, mane, muzzle, legs: (3, 1, 1) RGB in 0..1.
        socks: whether the lower legs take their own colour.
    """

    back: Array
    belly: Array
    mane: Array
    muzzle: Array
    legs: Array
    socks: bool

    @property
    def tuft(self) -> Array:
        """The colour of the tail's hair, (3, 1, 1)."""
        return self.mane

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "PlainFur":
        """Draw one of the furs, a little lighter or darker."""
        palette = PLAIN[int(rng.integers(len(PLAIN)))] * np.float32(uniform(rng, 0.88, 1.08))
        socks = bool(rng.random() < 0.6)
        back, belly, mane, muzzle, legs = np.minimum(palette, np.float32(1.0))
        return cls(back, belly, mane, muzzle, legs, socks)

    def coat(self, shape: Shape, noise: Array, low: Array) -> Array:
        """Return (3, h, w): the body's colour before light; noise (2, h, w); low (h, 1), 1 at the feet, 0 above."""
        under = ramp(-shape.normal_y, 0.1, 0.9)
        colour = mix(self.back, self.belly, under)
        if self.socks:
            colour = mix(colour, self.legs, low)
        return colour * (np.float32(0.82) + np.float32(0.36) * noise[0])

    def mane_coat(self, shape: Shape, noise: Array) -> Array:
        """Return (3, h, w): the mane's colour before light."""
        return self.mane * (np.float32(0.7) + np.float32(0.6) * noise[0])


@dataclass(frozen=True)
class StripedFur:
    """Black stripes on white that follow the body.

    Attributes:
        duty: mean share of black, in 0..1.
        muzzle, tuft: (3, 1, 1) RGB in 0..1; the tuft is the tail's hair.
    """

    duty: float
    muzzle: Array
    tuft: Array

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "StripedFur":
        """Draw how much of the fur is black."""
        return cls(uniform(rng, 0.46, 0.56), MUZZLE, BLACK)

    def _stripes(self, shape: Shape, noise: Array, thinner: Array | np.floating[Any]) -> Array:
        """Return (h, w): 1 on black stripes, 0 on white ones."""
        phase = shape.phase + (noise[0] - np.float32(0.5)) * np.float32(0.55)
        distance = np.abs(phase - np.round(phase)) * 2.0  # 0 in the middle of a dark stripe, 1 of a white one
        width = np.float32(self.duty) + (noise[1] - np.float32(0.5)) * np.float32(0.3) - thinner
        return ramp(distance - width, 0.09, -0.09)

    def coat(self, shape: Shape, noise: Array, low: Array) -> Array:
        """Return (3, h, w): the body's colour before light; noise (2, h, w); low (h, 1), 1 at the feet, 0 above."""
        belly = ramp(-shape.normal_y, 0.55, 1.0) * np.float32(0.3) * (1 - low)
        return mix(WHITE, BLACK, self._stripes(shape, noise, belly))

    def mane_coat(self, shape: Shape, noise: Array) -> Array:
        """Return (3, h, w): the mane's colour before light."""
        return mix(WHITE, BLACK, self._stripes(shape, noise, np.float32(-0.12)))


Fur = PlainFur | StripedFur
