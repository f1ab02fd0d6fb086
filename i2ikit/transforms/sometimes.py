"""A transform with a probability."""

import torch

from i2ikit.checks import fraction
from i2ikit.ops.pixels import Pixels
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms.base import Transform


@TRANSFORMS.register_module()
class Sometimes(Transform):
    """Apply a transform with a probability, drawn from torch's global random stream.

    Args:
        transform: gives an image.
        probability: 0..1.
    Shape:
        returns: (C, H, W), float32 in -1..1.

    Raises:
        ValueError: the probability is out of its range, or the transform is a function to tensors.
    """

    draws = True

    def __init__(self, transform: Transform, *, probability: float = 0.5) -> None:
        if not isinstance(transform, Transform):
            raise ValueError(f"{type(transform).__name__} gives no image, so that it cannot be left out sometimes")
        self.transform, self.probability = transform, fraction("probability", probability)

    def varied(self, image: Pixels) -> Pixels:
        """Return one image, perhaps transformed."""
        if torch.rand(1) >= self.probability:
            return image
        return self.transform.varied(self.transform.fixed(image))

    def set_epoch(self, epoch: int) -> None:
        """Hand the epoch, counted from 1, to the transform."""
        self.transform.set_epoch(epoch)
