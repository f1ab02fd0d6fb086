"""Scaling to one width, the aspect kept."""

from i2ikit.checks import positive_int
from i2ikit.ops.pixels import Pixels, resize, size_of
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms.base import Transform


@TRANSFORMS.register_module()
class ScaleWidth(Transform):
    """Scale to a width; the height follows, rounded down, but never below that of a crop.

    Args:
        load_size: pixels, >= 1, width of the result.
        crop_size: pixels, >= 1, least height of the result: wide images are stretched to it.
    Shape:
        returns: (C, H, load_size) with H >= crop_size, float32 in -1..1.

    Raises:
        ValueError: a size is below 1.
    Source:
        ``scale_width`` of the published pre-processing modes of CycleGAN and CUT; bicubic.
    """

    def __init__(self, load_size: int, crop_size: int) -> None:
        self.load_size, self.crop_size = positive_int("load_size", load_size), positive_int("crop_size", crop_size)

    def fixed(self, image: Pixels) -> Pixels:
        """Return one image, scaled."""
        width, height = size_of(image)
        if width == self.load_size and height >= self.crop_size:
            return image
        return resize(image, (self.load_size, int(max(self.load_size * height / width, self.crop_size))))

    def fixed_key(self) -> str:
        """Return the sizes."""
        return f"bicubic to width {self.load_size}, height at least {self.crop_size}"
