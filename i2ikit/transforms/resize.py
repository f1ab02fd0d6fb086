"""Resizing to one size."""

from i2ikit.checks import positive_int
from i2ikit.ops.pixels import Pixels, resize
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms.base import Transform, bicubic_key


@TRANSFORMS.register_module()
class Resize(Transform):
    """Resize to a square, or to a rectangle, whatever the aspect, with Pillow's bicubic filter.

    Args:
        load_size: pixels, >= 1, width of the result.
        height: pixels, >= 1; None: as the width. The published code halves it for gta2cityscapes.
    Shape:
        returns: (C, height, load_size), float32 in -1..1.

    Raises:
        ValueError: a size is below 1.
    Source:
        ``resize`` of the published pre-processing modes of CycleGAN and CUT.
    """

    def __init__(self, load_size: int, *, height: int | None = None) -> None:
        self.size = (
            positive_int("load_size", load_size),
            positive_int("height", load_size if height is None else height),
        )

    def fixed(self, image: Pixels) -> Pixels:
        """Return one image, resized."""
        return resize(image, self.size)

    def fixed_key(self) -> str:
        """Return the size."""
        return bicubic_key(*self.size)

    def enough(self) -> tuple[int, int]:
        """Return the size."""
        return self.size
