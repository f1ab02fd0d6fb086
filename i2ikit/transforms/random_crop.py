"""A random window."""

import torch

from i2ikit.checks import positive_int
from i2ikit.errors import DataError
from i2ikit.ops.pixels import Pixels, crop, size_of
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms.base import Transform


@TRANSFORMS.register_module()
class RandomCrop(Transform):
    """Cut a random square out of an image.

    RandomStreams from torch's global random stream, in the order and number of torchvision's RandomCrop.

    Args:
        crop_size: pixels, >= 1, height and width of the result.
    Shape:
        image: at least crop_size wide and high.
        returns: (C, crop_size, crop_size), float32 in -1..1.

    Raises:
        ValueError: crop_size is below 1.
        DataError: an image is smaller.
    Source:
        ``crop`` of the published pre-processing modes of CycleGAN and CUT.
    """

    draws = True

    def __init__(self, crop_size: int) -> None:
        self.crop_size = positive_int("crop_size", crop_size)

    def varied(self, image: Pixels) -> Pixels:
        """Return a random window of one image."""
        width, height = size_of(image)
        if min(width, height) < self.crop_size:
            raise DataError(
                f"an image of {width} x {height} pixels has no window of crop_size={self.crop_size}; resize it "
                'before, such as by dict(type="ScaleShortSide")'
            )
        if width == height == self.crop_size:
            return image
        top = int(torch.randint(0, height - self.crop_size + 1, (1,)))
        left = int(torch.randint(0, width - self.crop_size + 1, (1,)))
        return crop(image, left, top, self.crop_size, self.crop_size)
