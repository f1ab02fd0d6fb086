"""The whole picture, at the nearest size that generators take."""

from PIL import Image
from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.ops.pixels import image_to_tensor
from i2ikit.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ResizeToMultiple:
    """Keep the size of a picture but for the few pixels that make height and width multiples of a number.

    Args:
        multiple: pixels, >= 1. Generators with two steps down take multiples of 4.
    Shape:
        image: RGB or grayscale, any size.
        returns: (C, H, W), float32 in -1..1; H and W are the multiples nearest to those of the picture, not below one.

    Raises:
        ValueError: multiple is below 1.
    Source:
        the test pipeline of CUT's single-image training, arXiv:2007.15651; bicubic.
    """

    def __init__(self, multiple: int = 4) -> None:
        self.multiple = positive_int("multiple", multiple)

    def __call__(self, image: Image.Image) -> Tensor:
        """Return one picture."""
        width, height = (max(1, round(side / self.multiple)) * self.multiple for side in image.size)
        if (width, height) != image.size:
            image = image.resize((width, height), Image.Resampling.BICUBIC)
        return image_to_tensor(image)
