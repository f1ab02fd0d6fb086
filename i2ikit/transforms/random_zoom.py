"""Zooming out by two factors."""

import torch

from i2ikit.checks import positive_int
from i2ikit.ops.pixels import Pixels, resize, size_of
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms.base import Transform


@TRANSFORMS.register_module()
class RandomZoom(Transform):
    """Scale width and height by factors of their own, never below the size of a crop.

    differs: draws from torch's global stream, where the published code draws from NumPy's.

    Args:
        crop_size: pixels, >= 1, least width and height of the result.
        smallest_zoom: factors are uniform from it to 1, above 0 and at most 1. Published: 0.8.
    Shape:
        returns: (C, H, W) with H, W >= crop_size, float32 in -1..1.

    Raises:
        ValueError: an argument is out of its range.
    Source:
        ``zoom`` of CUT's pre-processing modes; bicubic.
    """

    draws = True

    def __init__(self, crop_size: int, *, smallest_zoom: float = 0.8) -> None:
        if not 0 < smallest_zoom <= 1:
            raise ValueError(f"smallest_zoom must be above 0 and at most 1, not {smallest_zoom!r}")
        self.crop_size, self.smallest_zoom = positive_int("crop_size", crop_size), smallest_zoom

    def varied(self, image: Pixels) -> Pixels:
        """Return one image, zoomed with fresh draws."""
        zoom = self.smallest_zoom + (1 - self.smallest_zoom) * torch.rand(2, dtype=torch.float64)
        width, height = (
            round(max(self.crop_size, side * factor))
            for side, factor in zip(size_of(image), zoom.tolist(), strict=True)
        )
        return resize(image, (width, height))
