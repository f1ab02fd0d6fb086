"""From the output of a generator to an image like its input."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from i2ikit.images import DecodedImage, Reader
from i2ikit.images.planes import Range, own_range

FEWEST_LEVELS = 255  # a range of integers with fewer steps would lose what 8 bits hold
COLORS = (1, 3)


def output_image(output: Tensor, image: DecodedImage, source: Reader, target: Reader) -> DecodedImage:
    """Return the image of an output, with all properties of its input.

    Args:
        output: (C, H, W) in -1..1.
        image: the input.
        source, target: readers of the files of the two domains.

    Returns:
        an image with the depth, layout, transparency and color profile of the input. Where the domains have different
        ranges: with the range of the target, and a data type that holds it.
    """
    values = (output.detach().float().cpu() + 1) / 2  # (C, H, W) in 0..1
    dtype, limits = image.dtype, target.value_range or own_range(image.dtype)
    if source.value_range != target.value_range:
        dtype = holding(dtype, limits)
    kept_alpha = target.keeps_alpha and len(values) == target.channels
    profile = image.profile if len(values) >= max(COLORS) else None
    about: dict[str, Any] = {"dtype": dtype, "limits": limits, "kept_alpha": kept_alpha, "profile": profile}
    if dtype == np.uint8 and limits == own_range(dtype) and len(values) in COLORS:
        levels = (values * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()  # (H, W, C)
        return replace(image, pixels=Image.fromarray(levels[:, :, 0] if len(values) == 1 else levels), **about)
    return replace(image, pixels=values.permute(1, 2, 0).contiguous().numpy(), **about)


def holding(dtype: np.dtype[Any], limits: Range) -> np.dtype[Any]:
    """Return a data type that holds a range: ``dtype`` itself if it can, else 16 bits, else floating point."""
    if dtype.kind == "f":
        return dtype
    low, high = limits
    for candidate in (dtype, np.dtype(np.uint16), np.dtype(np.int16)):
        fits = candidate.kind in "iu" and np.iinfo(candidate).min <= low and high <= np.iinfo(candidate).max
        if fits and high - low >= FEWEST_LEVELS:
            return candidate
    return np.dtype(np.float32)
