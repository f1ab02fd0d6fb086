"""The published training transform: enlarge, cut a random window, mirror at random."""

from i2ikit.checks import fraction, side
from i2ikit.ops.pixels import Pixels, quick_resize, resize
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms.base import Transform, bicubic_key
from i2ikit.transforms.random import maybe_mirrored, random_square


@TRANSFORMS.register_module()
class ResizeCropFlip(Transform):
    """Resize to a square whatever the aspect, cut a random square out of it, mirror it with a probability.

    It uses torch's global random stream as torchvision's RandomCrop and RandomHorizontalFlip do. Sizes are not rounded
    to multiples of 4 as the published code does; 256 is one.

    Args:
        load_size: pixels, >= crop_size, height and width after the bicubic resize.
        crop_size: pixels, >= 1, height and width of the result.
        flip: probability of a mirror, 0..1.
        finetune_after: epochs, >= 0; in later epochs the image is resized to crop_size (CUT's last phase).
            None: never.
        quick: resize about twice as fast; some values differ by one or two of 255 levels from the published ones.
    Shape:
        image: any size.
        returns: (C, crop_size, crop_size), float32 in -1..1.

    Raises:
        ValueError: a size or the probability is out of its range.
    Source:
        Zhu et al. 2017, arXiv:1703.10593, the training details; Park et al. 2020, arXiv:2007.15651, for the last phase.
    Example:
        >>> from PIL import Image
        >>> ResizeCropFlip(40, 32)(Image.new("RGB", (200, 100))).shape
        torch.Size([3, 32, 32])
    """

    is_random = True

    def __init__(
        self,
        load_size: int,
        crop_size: int,
        *,
        flip: float = 0.5,
        finetune_after: int | None = None,
        quick: bool = False,
    ) -> None:
        self.load_size, self.crop_size = side("load_size", load_size), side("crop_size", crop_size)
        if load_size < crop_size:
            raise ValueError(f"load_size must be at least crop_size, {crop_size}, not {load_size}")
        if finetune_after is not None and finetune_after < 0:
            raise ValueError(f"finetune_after must be 0 or more epochs, not {finetune_after}")
        self.flip = fraction("flip", flip)
        self.finetune_after, self.quick = finetune_after, quick
        self.set_epoch(1)

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next images, counted from 1."""
        finetuning = self.finetune_after is not None and epoch > self.finetune_after
        self._resized = self.crop_size if finetuning else self.load_size

    def fixed(self, image: Pixels) -> Pixels:
        """Return the image resized to a square."""
        return (quick_resize if self.quick else resize)(image, (self._resized, self._resized))

    def fixed_key(self) -> str:
        """Return the size that images have in this epoch."""
        return bicubic_key(self._resized, self._resized) + ", quick" * self.quick

    def enough(self) -> tuple[int, int]:
        """Return the size that images have in this epoch."""
        return self._resized, self._resized

    def varied(self, image: Pixels) -> Pixels:
        """Return a random window of a resized image, possibly mirrored."""
        return maybe_mirrored(random_square(image, self.crop_size), self.flip)
