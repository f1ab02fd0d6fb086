"""A mirror with a probability."""

import torch

from i2ikit.checks import fraction
from i2ikit.ops.pixels import Pixels, mirror
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms.base import Transform


@TRANSFORMS.register_module()
class RandomMirror(Transform):
    """Exchange left and right with a probability.

    RandomStreams from torch's global random stream, as torchvision's RandomHorizontalFlip.

    Args:
        flip: probability of a mirror, 0..1.
    Shape:
        returns: (C, H, W), the size of the image, float32 in -1..1.

    Raises:
        ValueError: the probability is out of its range.
    Source:
        the flip of the published pre-processing of CycleGAN and CUT.
    """

    draws = True

    def __init__(self, *, flip: float = 0.5) -> None:
        self.flip = fraction("flip", flip)

    def varied(self, image: Pixels) -> Pixels:
        """Return one image, perhaps mirrored."""
        return mirror(image) if torch.rand(1) < self.flip else image
