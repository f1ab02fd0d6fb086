"""The published test transform: one size, nothing random."""

from i2ikit.checks import positive_int
from i2ikit.ops.pixels import Pixels, resize
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms.base import Transform, bicubic_key


@TRANSFORMS.register_module()
class ResizeTo(Transform):
    """Resize to a square, whatever the aspect, with Pillow's bicubic filter.

    Args:
        crop_size: pixels, >= 1, height and width of the result; it bears the name of the training transform's size,
            so that one value in the config serves both.
    Shape:
        image: any size.
        returns: (C, crop_size, crop_size), float32 in -1..1.

    Raises:
        ValueError: crop_size is below 1.
    Source:
        Zhu et al. 2017, arXiv:1703.10593: tested at the size of the training crops.
    """

    def __init__(self, crop_size: int) -> None:
        self.crop_size = positive_int("crop_size", crop_size)

    def fixed(self, image: Pixels) -> Pixels:
        """Return one image, resized."""
        return resize(image, (self.crop_size, self.crop_size))

    def fixed_key(self) -> str:
        """Return the size."""
        return bicubic_key(self.crop_size, self.crop_size)

    def enough(self) -> tuple[int, int]:
        """Return the size."""
        return self.crop_size, self.crop_size
