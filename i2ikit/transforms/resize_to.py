"""The published test transform: one size, nothing random."""

from PIL import Image
from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.ops.pixels import image_to_tensor
from i2ikit.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ResizeTo:
    """Resize to a square, whatever the aspect, with Pillow's bicubic filter.

    Args:
        crop_size: pixels, >= 1, height and width of the result; it bears the name of the training transform's size,
            so that one value in the config serves both.
    Shape:
        image: RGB or grayscale, any size.
        returns: (C, crop_size, crop_size), float32 in -1..1.

    Raises:
        ValueError: crop_size is below 1.
    Source:
        Zhu et al. 2017, arXiv:1703.10593: tested at the size of the training crops.
    """

    def __init__(self, crop_size: int) -> None:
        self.crop_size = positive_int("crop_size", crop_size)

    def __call__(self, image: Image.Image) -> Tensor:
        """Return one picture, resized."""
        return image_to_tensor(image.resize((self.crop_size, self.crop_size), Image.Resampling.BICUBIC))
