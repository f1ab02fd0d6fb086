"""Bicubic resizing: to one size, to multiples, to a width, to a least shorter side."""

from abc import abstractmethod

from i2ikit.checks import positive_int, side
from i2ikit.ops.pixels import Pixels, resize, size_of
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms.base import Transform, bicubic_key


class _Resizing(Transform):
    """Resize with Pillow's bicubic filter to a size that depends on the size of the image."""

    keeps_all = True

    @abstractmethod
    def target(self, width: int, height: int) -> tuple[int, int]:
        """Return the new width and height."""

    def fixed(self, image: Pixels) -> Pixels:
        """Return one image, resized unless it has the size."""
        size = self.target(*size_of(image))
        return image if size == size_of(image) else resize(image, size)

    def fixed_key(self) -> str:
        """Return the name and the arguments of the transform."""
        return f"{type(self).__name__} {vars(self)}"


@TRANSFORMS.register_module()
class Resize(_Resizing):
    """Resize to a square, or to a rectangle, whatever the aspect. The published test transform.

    Args:
        size: pixels, >= 1, width of the result; a config that leaves it out has ``data.crop_size``, the size of the
            training crops.
        height: pixels, >= 1; None: as the width. The published code halves it for gta2cityscapes.
    Shape:
        returns: (C, height, size), float32 in -1..1.

    Raises:
        ValueError: a size is below 1.
    Source:
        Zhu et al. 2017, arXiv:1703.10593: tested at the size of the training crops; ``resize`` of the pre-processing
        modes of CycleGAN and CUT.
    Example:
        >>> from PIL import Image
        >>> Resize(64)(Image.new("RGB", (200, 100))).shape
        torch.Size([3, 64, 64])
    """

    def __init__(self, size: int, *, height: int | None = None) -> None:
        self.size = side("size", size), side("height", size if height is None else height)

    def target(self, width: int, height: int) -> tuple[int, int]:
        """Return the size."""
        return self.size

    def fixed_key(self) -> str:
        """Return the size."""
        return bicubic_key(*self.size)

    def enough(self) -> tuple[int, int]:
        """Return the size."""
        return self.size


@TRANSFORMS.register_module()
class ResizeToMultiple(_Resizing):
    """Keep the size of an image but for the few pixels that make height and width multiples of a number.

    Args:
        multiple: pixels, >= 1. Generators with two steps down take multiples of 4.
    Shape:
        returns: (C, H, W), float32 in -1..1; H and W are the multiples nearest to those of the image, not below one.

    Raises:
        ValueError: multiple is below 1.
    Source:
        the test pipeline of CUT's single-image training, arXiv:2007.15651.
    Example:
        >>> from PIL import Image
        >>> ResizeToMultiple(4)(Image.new("RGB", (101, 55))).shape
        torch.Size([3, 56, 100])
    """

    def __init__(self, multiple: int = 4) -> None:
        self.multiple = positive_int("multiple", multiple)

    def target(self, width: int, height: int) -> tuple[int, int]:
        """Return the nearest multiples."""
        width, height = (max(1, round(side / self.multiple)) * self.multiple for side in (width, height))
        return width, height


@TRANSFORMS.register_module()
class ScaleWidth(_Resizing):
    """Scale to a width; the height follows, rounded down, but never below that of a crop.

    Args:
        load_size: pixels, >= 1, width of the result.
        crop_size: pixels, >= 1, least height of the result: wide images are stretched to it.
    Shape:
        returns: (C, H, load_size) with H >= crop_size, float32 in -1..1.

    Raises:
        ValueError: a size is below 1.
    Source:
        ``scale_width`` of the published pre-processing modes of CycleGAN and CUT.
    Example:
        >>> from PIL import Image
        >>> ScaleWidth(50, 20)(Image.new("RGB", (100, 80))).shape
        torch.Size([3, 40, 50])
    """

    def __init__(self, load_size: int, crop_size: int) -> None:
        self.load_size, self.crop_size = side("load_size", load_size), side("crop_size", crop_size)

    def target(self, width: int, height: int) -> tuple[int, int]:
        """Return the width, and the height that keeps the aspect."""
        return self.load_size, int(max(self.load_size * height / width, self.crop_size))


@TRANSFORMS.register_module()
class ScaleShortSide(_Resizing):
    """Enlarge images whose shorter side is below a length to that length, the aspect kept; leave others unchanged.

    Args:
        load_size: pixels, >= 1, least length of the shorter side.
    Shape:
        returns: (C, H, W) with H, W >= load_size, float32 in -1..1.

    Raises:
        ValueError: load_size is below 1.
    Source:
        ``scale_shortside`` of CUT's pre-processing modes.
    Example:
        >>> from PIL import Image
        >>> ScaleShortSide(50)(Image.new("RGB", (80, 40))).shape
        torch.Size([3, 50, 100])
    """

    def __init__(self, load_size: int) -> None:
        self.load_size = side("load_size", load_size)

    def target(self, width: int, height: int) -> tuple[int, int]:
        """Return the enlarged size."""
        scale = max(1.0, self.load_size / min(width, height))
        return round(width * scale), round(height * scale)
