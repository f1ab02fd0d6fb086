"""Padding to the sizes that a network takes, and back."""

import torch.nn.functional as F
from torch import Tensor


def pad_to_multiple(x: Tensor, multiple: int, smallest: int = 1) -> Tensor:
    """Pad images at the right and at the bottom until both sides are multiples of ``multiple``.

    An axis is padded by reflection, or by repeating its last line where the pad is as long as the axis or longer, which
    reflection cannot fill. What is added is cut off again by ``[..., :H, :W]``.

    Args:
        x: images.
        multiple: pixels, >= 1.
        smallest: pixels, >= 1; both sides become at least as long.
    Shape:
        x: (B, C, H, W); returns (B, C, H', W') with H' >= H and W' >= W; x itself where nothing is missing.

    Raises:
        ValueError: multiple or smallest is below 1.
    """
    if multiple < 1 or smallest < 1:
        raise ValueError(f"multiple and smallest must be at least 1, not {multiple} and {smallest}")
    height, width = x.shape[-2:]
    right = padded_length(width, multiple, smallest) - width
    bottom = padded_length(height, multiple, smallest) - height
    if right:
        x = F.pad(x, (0, right, 0, 0), mode="reflect" if right < width else "replicate")
    if bottom:
        x = F.pad(x, (0, 0, 0, bottom), mode="reflect" if bottom < height else "replicate")
    return x


def padded_length(length: int, multiple: int, smallest: int = 1) -> int:
    """Return the least multiple of ``multiple`` that is not below ``length`` nor below ``smallest``, in pixels."""
    return -(-max(length, smallest) // multiple) * multiple
