"""A random window of what is too long."""

import torch

from i2ikit.checks import positive_int
from i2ikit.ops.pixels import Pixels, crop, size_of
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms.base import Transform


@TRANSFORMS.register_module()
class RandomTrim(Transform):
    """Cut each side that is longer than a length down to it, at a random place; leave shorter sides alone.

    differs: draws from torch's global stream, where the published code draws from NumPy's, and may take the last
    place, which the published code never does.

    Args:
        crop_size: pixels, >= 1, greatest height and width of the result.
    Shape:
        returns: (C, H, W) with H, W <= crop_size, float32 in -1..1.

    Raises:
        ValueError: crop_size is below 1.
    Source:
        ``trim`` of CUT's pre-processing modes.
    """

    draws = True

    def __init__(self, crop_size: int) -> None:
        self.crop_size = positive_int("crop_size", crop_size)

    def varied(self, image: Pixels) -> Pixels:
        """Return a random window of one image, all of what is short enough."""
        (left, width), (top, height) = (self._window(side) for side in size_of(image))
        return crop(image, left, top, width, height)

    def _window(self, side: int) -> tuple[int, int]:
        """Return where a window starts along a side, and how long it is."""
        if side <= self.crop_size:
            return 0, side
        return int(torch.randint(0, side - self.crop_size + 1, (1,))), self.crop_size
