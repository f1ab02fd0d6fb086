"""Transforms one after the other."""

from collections.abc import Sequence

from i2ikit.ops.pixels import Pixels
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms.base import Transform


@TRANSFORMS.register_module()
class Compose(Transform):
    """Apply transforms in their order; the last step, to the numbers that networks see, comes once, at the end.

    What comes before the first draw is fixed, and can be remembered by a cache.

    Args:
        transforms: at least one, each of which gives an image; see ``i2ikit list transforms``.
    Shape:
        image: any size.
        returns: (C, H, W), float32 in -1..1.

    Raises:
        ValueError: there are no transforms, or one of them is a function to tensors.
    """

    def __init__(self, transforms: Sequence[Transform]) -> None:
        if not transforms:
            raise ValueError("transforms must have at least one transform")
        for transform in transforms:
            if not isinstance(transform, Transform):
                raise ValueError(
                    f"{type(transform).__name__} cannot be followed by others: it gives no image. Use it alone, or "
                    "derive it from i2ikit.transforms.base.Transform."
                )
        self.transforms = list(transforms)
        draws = [transform.draws for transform in self.transforms]
        self.draws = any(draws)
        self._first = draws.index(True) if self.draws else len(draws)  # the first that draws; it may begin fixed

    def fixed(self, image: Pixels) -> Pixels:
        """Return the image after all that comes before the first draw."""
        for transform in self.transforms[: self._first + 1]:
            image = transform.fixed(image)
        return image

    def fixed_key(self) -> str:
        """Return the keys of all transforms before the first draw."""
        return ", ".join(key for key in (t.fixed_key() for t in self.transforms[: self._first + 1]) if key)

    def enough(self) -> tuple[int, int] | None:
        """Return what the first transform says."""
        return self.transforms[0].enough()

    def varied(self, image: Pixels) -> Pixels:
        """Return the image after the first draw and all that follows."""
        for place, transform in enumerate(self.transforms[self._first :]):
            image = transform.varied(image if place == 0 else transform.fixed(image))
        return image

    def set_epoch(self, epoch: int) -> None:
        """Hand the epoch, counted from 1, to all transforms."""
        for transform in self.transforms:
            transform.set_epoch(epoch)
