"""Enlarging what is too small."""

from i2ikit.checks import positive_int
from i2ikit.ops.pixels import Pixels, resize, size_of
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms.base import Transform


@TRANSFORMS.register_module()
class ScaleShortSide(Transform):
    """Enlarge images whose shorter side is below a length to that length, the aspect kept; leave others alone.

    Args:
        load_size: pixels, >= 1, least length of the shorter side.
    Shape:
        returns: (C, H, W) with H, W >= load_size, float32 in -1..1.

    Raises:
        ValueError: load_size is below 1.
    Source:
        ``scale_shortside`` of CUT's pre-processing modes; bicubic.
    """

    def __init__(self, load_size: int) -> None:
        self.load_size = positive_int("load_size", load_size)

    def fixed(self, image: Pixels) -> Pixels:
        """Return one image, enlarged if it is small."""
        width, height = size_of(image)
        scale = self.load_size / min(width, height)
        return image if scale <= 1 else resize(image, (round(width * scale), round(height * scale)))

    def fixed_key(self) -> str:
        """Return the length."""
        return f"bicubic to a shorter side of at least {self.load_size}"
