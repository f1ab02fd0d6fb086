"""Transforms of transforms: one after the other, or with a probability."""

from collections.abc import Sequence

import torch

from i2ikit.checks import fraction
from i2ikit.ops.pixels import Pixels
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms.base import Transform


@TRANSFORMS.register_module()
class Compose(Transform):
    """Apply transforms in their order; the last step, to a tensor, happens once, at the end.

    All that comes before the first random transform is fixed, and can be cached.

    Args:
        transforms: at least one, each of which returns an image; see ``i2ikit list transforms``.
    Shape:
        image: any size.
        returns: (C, H, W), float32 in -1..1.

    Raises:
        ValueError: there are no transforms, or one of them is a function to tensors.
    Example:
        >>> from PIL import Image
        >>> from i2ikit.transforms import RandomCrop, Resize
        >>> Compose([Resize(40), RandomCrop(32)])(Image.new("RGB", (200, 100))).shape
        torch.Size([3, 32, 32])
    """

    def __init__(self, transforms: Sequence[Transform]) -> None:
        if not transforms:
            raise ValueError("transforms must have at least one transform")
        for transform in transforms:
            if not isinstance(transform, Transform):
                raise ValueError(
                    f"{type(transform).__name__} cannot be followed by others: it returns no image. Use it alone, or "
                    "derive it from i2ikit.transforms.base.Transform."
                )
        self.transforms = list(transforms)
        random = [transform.is_random for transform in self.transforms]
        self.is_random, self.keeps_all = any(random), all(transform.keeps_all for transform in self.transforms)
        self._first = random.index(True) if self.is_random else len(random)  # the first random one; it may begin fixed

    def fixed(self, image: Pixels) -> Pixels:
        """Return the image after all that comes before the first random step."""
        for transform in self.transforms[: self._first + 1]:
            image = transform.fixed(image)
        return image

    def fixed_key(self) -> str:
        """Return the keys of all transforms before the first random step."""
        return ", ".join(key for key in (t.fixed_key() for t in self.transforms[: self._first + 1]) if key)

    def enough(self) -> tuple[int, int] | None:
        """Return the size that is enough for the first transform."""
        return self.transforms[0].enough()

    def varied(self, image: Pixels) -> Pixels:
        """Return the image after the first random step and all that follows."""
        for position, transform in enumerate(self.transforms[self._first :]):
            image = transform.varied(image if position == 0 else transform.fixed(image))
        return image

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, counted from 1, of all transforms."""
        for transform in self.transforms:
            transform.set_epoch(epoch)


@TRANSFORMS.register_module()
class Sometimes(Transform):
    """Apply a transform with a probability, by torch's global random stream.

    Args:
        transform: returns an image.
        probability: 0..1.
    Shape:
        returns: (C, H, W), float32 in -1..1.

    Raises:
        ValueError: the probability is out of its range, or the transform is a function to tensors.
    Example:
        >>> from PIL import Image
        >>> from i2ikit.transforms import Resize
        >>> Sometimes(Resize(8), probability=1.0)(Image.new("RGB", (200, 100))).shape
        torch.Size([3, 8, 8])
    """

    is_random = True

    def __init__(self, transform: Transform, *, probability: float = 0.5) -> None:
        if not isinstance(transform, Transform):
            raise ValueError(f"{type(transform).__name__} returns no image, so it cannot be skipped at random")
        self.transform, self.probability = transform, fraction("probability", probability)

    def varied(self, image: Pixels) -> Pixels:
        """Return one image, possibly transformed."""
        if torch.rand(1) >= self.probability:
            return image
        return self.transform.varied(self.transform.fixed(image))

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, counted from 1, of the transform."""
        self.transform.set_epoch(epoch)
