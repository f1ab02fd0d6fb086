"""The whole image, at the nearest size that generators take."""

from i2ikit.checks import positive_int
from i2ikit.ops.pixels import Pixels, resize, size_of
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms.base import Transform


@TRANSFORMS.register_module()
class ResizeToMultiple(Transform):
    """Keep the size of an image but for the few pixels that make height and width multiples of a number.

    Args:
        multiple: pixels, >= 1. Generators with two steps down take multiples of 4.
    Shape:
        image: any size.
        returns: (C, H, W), float32 in -1..1; H and W are the multiples nearest to those of the image, not below one.

    Raises:
        ValueError: multiple is below 1.
    Source:
        the test pipeline of CUT's single-image training, arXiv:2007.15651; bicubic.
    """

    def __init__(self, multiple: int = 4) -> None:
        self.multiple = positive_int("multiple", multiple)

    def fixed(self, image: Pixels) -> Pixels:
        """Return one image."""
        width, height = (max(1, round(side / self.multiple)) * self.multiple for side in size_of(image))
        return image if (width, height) == size_of(image) else resize(image, (width, height))

    def fixed_key(self) -> str:
        """Return the multiple."""
        return f"bicubic to multiples of {self.multiple}"
