"""Random windows, zooms and mirrors; all random numbers are from torch's global stream."""

import torch

from i2ikit.checks import fraction, positive_int
from i2ikit.errors import DataError
from i2ikit.ops.pixels import Pixels, crop, mirror, resize, size_of
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms.base import Transform


def random_square(image: Pixels, side: int) -> Pixels:
    """Return a random square window; an image of exactly this size is returned as it is.

    It uses as many random numbers as torchvision's RandomCrop, in the same order.

    Args:
        image: at least ``side`` pixels wide and high.
        side: pixels.
    """
    width, height = size_of(image)
    if width == height == side:
        return image
    top = _random_start(height, side)
    left = _random_start(width, side)
    return crop(image, left, top, side, side)


def maybe_mirrored(image: Pixels, probability: float) -> Pixels:
    """Return the image, with left and right exchanged with a probability, as torchvision's RandomHorizontalFlip."""
    return mirror(image) if torch.rand(1) < probability else image


def _random_start(side: int, length: int) -> int:
    return int(torch.randint(0, side - length + 1, (1,)))


@TRANSFORMS.register_module()
class RandomCrop(Transform):
    """Cut a random square out of an image.

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
    Example:
        >>> from PIL import Image
        >>> RandomCrop(32)(Image.new("RGB", (100, 80))).shape
        torch.Size([3, 32, 32])
    """

    is_random = True

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
        return random_square(image, self.crop_size)


@TRANSFORMS.register_module()
class RandomTrim(Transform):
    """Cut each side that is longer than a length down to it, at a random position; leave shorter sides unchanged.

    differs: uses torch's global stream, where the published code uses NumPy's, and may take the last position, which
    the published code never does.

    Args:
        crop_size: pixels, >= 1, greatest height and width of the result.
    Shape:
        returns: (C, H, W) with H, W <= crop_size, float32 in -1..1.

    Raises:
        ValueError: crop_size is below 1.
    Source:
        ``trim`` of CUT's pre-processing modes.
    Example:
        >>> from PIL import Image
        >>> RandomTrim(32)(Image.new("RGB", (100, 20))).shape
        torch.Size([3, 20, 32])
    """

    is_random = True

    def __init__(self, crop_size: int) -> None:
        self.crop_size = positive_int("crop_size", crop_size)

    def varied(self, image: Pixels) -> Pixels:
        """Return a random window of one image, or all of a short side."""
        (left, width), (top, height) = (self._window(side) for side in size_of(image))
        return crop(image, left, top, width, height)

    def _window(self, side: int) -> tuple[int, int]:
        """Return where a window starts along a side, and its length."""
        return (0, side) if side <= self.crop_size else (_random_start(side, self.crop_size), self.crop_size)


@TRANSFORMS.register_module()
class RandomZoom(Transform):
    """Scale width and height by independent factors, never below the size of a crop.

    differs: uses torch's global stream, where the published code uses NumPy's.

    Args:
        crop_size: pixels, >= 1, least width and height of the result.
        smallest_zoom: factors are uniform from it to 1, above 0 and at most 1. Published: 0.8.
    Shape:
        returns: (C, H, W) with H, W >= crop_size, float32 in -1..1.

    Raises:
        ValueError: an argument is out of its range.
    Source:
        ``zoom`` of CUT's pre-processing modes; bicubic.
    Example:
        >>> from PIL import Image
        >>> RandomZoom(64, smallest_zoom=0.5)(Image.new("RGB", (64, 64))).shape
        torch.Size([3, 64, 64])
    """

    is_random = True

    def __init__(self, crop_size: int, *, smallest_zoom: float = 0.8) -> None:
        if not 0 < smallest_zoom <= 1:
            raise ValueError(f"smallest_zoom must be above 0 and at most 1, not {smallest_zoom!r}")
        self.crop_size, self.smallest_zoom = positive_int("crop_size", crop_size), smallest_zoom

    def varied(self, image: Pixels) -> Pixels:
        """Return one image, zoomed at random."""
        zoom = self.smallest_zoom + (1 - self.smallest_zoom) * torch.rand(2, dtype=torch.float64)
        width, height = (
            round(max(self.crop_size, side * factor))
            for side, factor in zip(size_of(image), zoom.tolist(), strict=True)
        )
        return resize(image, (width, height))


@TRANSFORMS.register_module()
class RandomMirror(Transform):
    """Exchange left and right with a probability.

    Args:
        flip: probability of a mirror, 0..1.
    Shape:
        returns: (C, H, W), the size of the image, float32 in -1..1.

    Raises:
        ValueError: the probability is out of its range.
    Source:
        the flip of the published pre-processing of CycleGAN and CUT.
    Example:
        >>> from PIL import Image
        >>> RandomMirror(flip=1.0)(Image.frombytes("L", (2, 1), bytes([0, 255])))
        tensor([[[ 1., -1.]]])
    """

    is_random = True

    def __init__(self, *, flip: float = 0.5) -> None:
        self.flip = fraction("flip", flip)

    def varied(self, image: Pixels) -> Pixels:
        """Return one image, possibly mirrored."""
        return maybe_mirrored(image, self.flip)
