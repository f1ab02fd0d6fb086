"""What every transform is: a part that a cache may remember, and a part that is drawn anew each time."""

from torch import Tensor

from i2ikit.ops.pixels import Pixels, image_to_tensor


class Transform:
    """From an image to a tensor in three steps: ``fixed``, ``varied``, and the numbers that networks see.

    ``fixed`` is a function of the image and of ``fixed_key()`` alone, so its result can be kept; ``varied`` draws
    from the global random streams. A transform overrides one of them or both, and those that override ``fixed`` name
    in ``fixed_key`` all that it depends on. Each works alone and as an element of ``Compose``.

    Attributes:
        draws: whether ``varied`` does anything.

    Shape:
        image: an image of Pillow with 8 bits a channel, or a float32 array (H, W, C) in 0..1.
        returns: (C, H, W), float32 in -1..1.
    """

    draws: bool = False

    def fixed(self, image: Pixels) -> Pixels:
        """Return the image after all that is the same each time."""
        return image

    def fixed_key(self) -> str:
        """Return words that name everything ``fixed`` depends on now, the phase of the run included; "" for nothing."""
        return ""

    def enough(self) -> tuple[int, int] | None:
        """Return the width and height of images from which ``fixed`` would only take detail; None: it needs all."""
        return None

    def varied(self, image: Pixels) -> Pixels:
        """Return what ``fixed`` gave after fresh draws, still an image."""
        return image

    def drawn(self, image: Pixels) -> Tensor:
        """Return what ``fixed`` gave as a tensor, after fresh draws."""
        return image_to_tensor(self.varied(image))

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch the next images belong to, counted from 1."""

    def __call__(self, image: Pixels) -> Tensor:
        """Return one image, transformed with fresh draws."""
        return self.drawn(self.fixed(image))


def bicubic_key(width: int, height: int) -> str:
    """Return the ``fixed_key`` of a bicubic resize, the same whoever resizes."""
    return f"bicubic {width}x{height}"
