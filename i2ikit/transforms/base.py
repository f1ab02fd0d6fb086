"""What every transform is: a deterministic part that a cache can keep, then a random part."""

from torch import Tensor

from i2ikit.ops.pixels import Pixels, image_to_tensor


class Transform:
    """From an image to a tensor in three steps: ``fixed``, ``varied``, and the values that networks see.

    ``fixed`` is a function of the image and of ``fixed_key()`` alone, so its result can be cached; ``varied`` samples
    from the global random streams. A transform overrides one of them or both; one that overrides ``fixed`` also
    returns everything it depends on in ``fixed_key``. Each works alone and inside ``Compose``.

    Attributes:
        is_random: whether ``varied`` does anything.
        keeps_all: whether the result shows all of the image, perhaps at another aspect.

    Shape:
        image: an image of Pillow with 8 bits a channel, or a float32 array (H, W, C) in 0..1.
        returns: (C, H, W), float32 in -1..1.
    """

    is_random: bool = False
    keeps_all: bool = False

    def fixed(self, image: Pixels) -> Pixels:
        """Return the image after the deterministic part."""
        return image

    def fixed_key(self) -> str:
        """Return text that names everything ``fixed`` depends on now, the phase of the run included; "" for nothing."""
        return ""

    def enough(self) -> tuple[int, int] | None:
        """Return the width and height that a larger image may be decoded at; None for the full size."""
        return None

    def varied(self, image: Pixels) -> Pixels:
        """Return the result of ``fixed`` after the random part, still an image."""
        return image

    def finish(self, image: Pixels) -> Tensor:
        """Return the result of ``fixed`` as a tensor, after the random part."""
        return image_to_tensor(self.varied(image))

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next images, counted from 1."""

    def __call__(self, image: Pixels) -> Tensor:
        """Return one image, transformed with new random numbers."""
        return self.finish(self.fixed(image))


def bicubic_key(width: int, height: int) -> str:
    """Return the ``fixed_key`` of a bicubic resize, the same for every transform that does it."""
    return f"bicubic {width}x{height}"
