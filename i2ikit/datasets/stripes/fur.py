"""How rendered animals are colored: plain furs of horses and donkeys, and the black and white of zebras."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from i2ikit.datasets.stripes.landscape import colors
from i2ikit.datasets.stripes.limbs import Shape
from i2ikit.datasets.stripes.noise import Array, mix, pick, ramp, uniform

# (back and flanks, belly, mane and tail, muzzle, lower legs)
PLAIN = [
    colors((160, 84, 36), (188, 116, 62), (48, 32, 24), (84, 50, 34), (70, 44, 30)),  # bay
    colors((190, 98, 40), (212, 132, 74), (192, 112, 54), (158, 88, 50), (186, 102, 50)),  # chestnut
    colors((108, 56, 28), (130, 76, 44), (44, 28, 20), (62, 40, 30), (66, 40, 28)),  # dark brown
    colors((206, 146, 74), (222, 176, 112), (76, 54, 36), (128, 92, 60), (104, 74, 48)),  # dun
    colors((150, 148, 148), (180, 178, 176), (92, 90, 92), (96, 92, 92), (110, 108, 108)),  # gray
    colors((214, 160, 78), (230, 188, 118), (240, 226, 196), (190, 140, 92), (218, 178, 116)),  # palomino
    colors((232, 228, 218), (212, 208, 200), (242, 238, 228), (168, 156, 150), (226, 220, 210)),  # white
    colors((204, 112, 52), (222, 150, 92), (236, 208, 164), (172, 98, 58), (206, 122, 66)),  # sorrel
    colors((140, 112, 88), (194, 178, 158), (66, 50, 42), (206, 196, 182), (152, 128, 106)),  # donkey
]
BLACK, WHITE = colors((20, 18, 18), (240, 238, 232))
HOOF, MUZZLE = colors((44, 38, 34), (40, 35, 34))


@dataclass(frozen=True)
class PlainFur:
    """One color over the body, with a mane, a muzzle, a belly and legs in other colors.

    Attributes:
        back, belly, mane, muzzle, legs: (3, 1, 1) RGB in 0..1.
        socks: whether the lower legs take their own color.
    """

    back: Array
    belly: Array
    mane: Array
    muzzle: Array
    legs: Array
    socks: bool

    @property
    def tuft(self) -> Array:
        """The color of the tail's hair, (3, 1, 1)."""
        return self.mane

    @classmethod
    def sample(cls, rng: np.random.Generator, kind: float) -> "PlainFur":
        """Sample a fur of the ``kind`` in 0..1, a little lighter or darker."""
        palette = pick(PLAIN, kind) * np.float32(uniform(rng, 0.88, 1.08))
        socks = bool(rng.random() < 0.6)
        back, belly, mane, muzzle, legs = np.minimum(palette, np.float32(1.0))
        return cls(back, belly, mane, muzzle, legs, socks)

    def coat(self, shape: Shape, noise: Array, low: Array) -> Array:
        """Return (3, h, w): the body's color before light; noise (2, h, w); low (h, 1), 1 at the feet, 0 above."""
        under = ramp(-shape.normal_y, 0.1, 0.9)
        color = mix(self.back, self.belly, under)
        if self.socks:
            color = mix(color, self.legs, low)
        return color * (np.float32(0.82) + np.float32(0.36) * noise[0])

    def mane_coat(self, shape: Shape, noise: Array) -> Array:
        """Return (3, h, w): the mane's color before light."""
        return self.mane * (np.float32(0.7) + np.float32(0.6) * noise[0])


@dataclass(frozen=True)
class StripedFur:
    """Black stripes on white that follow the body.

    Attributes:
        duty: mean fraction of black, in 0..1.
        muzzle, tuft: (3, 1, 1) RGB in 0..1; the tuft is the tail's hair.
    """

    duty: float
    muzzle: ClassVar[Array] = MUZZLE
    tuft: ClassVar[Array] = BLACK

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "StripedFur":
        """Sample how much of the fur is black."""
        return cls(uniform(rng, 0.46, 0.56))

    def _stripes(self, shape: Shape, noise: Array, thinner: Array | np.floating[Any]) -> Array:
        """Return (h, w): 1 on black stripes, 0 on white ones."""
        phase = shape.phase + (noise[0] - np.float32(0.5)) * np.float32(0.55)
        distance = np.abs(phase - np.round(phase)) * 2.0  # 0 in the middle of a dark stripe, 1 of a white one
        width = np.float32(self.duty) + (noise[1] - np.float32(0.5)) * np.float32(0.3) - thinner
        return ramp(distance - width, 0.09, -0.09)

    def coat(self, shape: Shape, noise: Array, low: Array) -> Array:
        """Return (3, h, w): the body's color before light; noise (2, h, w); low (h, 1), 1 at the feet, 0 above."""
        belly = ramp(-shape.normal_y, 0.55, 1.0) * np.float32(0.3) * (1 - low)
        return mix(WHITE, BLACK, self._stripes(shape, noise, belly))

    def mane_coat(self, shape: Shape, noise: Array) -> Array:
        """Return (3, h, w): the mane's color before light."""
        return mix(WHITE, BLACK, self._stripes(shape, noise, np.float32(-0.12)))


Fur = PlainFur | StripedFur
