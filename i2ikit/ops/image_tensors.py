"""Operations on batches of images: padding to the sizes that a network accepts, and rotation of the hue."""

import torch
import torch.nn.functional as F
from torch import Tensor


def pad_to_multiple(x: Tensor, multiple: int, smallest: int = 1) -> Tensor:
    """Pad images at the right and at the bottom until both sides are multiples of ``multiple``.

    An axis is padded by reflection, or by repeating its last line if the padding is at least as long as the axis.
    ``[..., :H, :W]`` removes the padding.

    Args:
        x: images.
        multiple: pixels, >= 1.
        smallest: pixels, >= 1; minimum length of both sides.
    Shape:
        x: (B, C, H, W); returns (B, C, H', W') with H' >= H and W' >= W; x itself if it already fits.

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
    """Return the smallest multiple of ``multiple`` that is at least ``length`` and ``smallest``, in pixels."""
    return -(-max(length, smallest) // multiple) * multiple


def turn_hue(image: Tensor, turn: float) -> Tensor:
    """Rotate the hue of every pixel; unlike torchvision's function it is differentiable.

    Args:
        image: (B, 3, H, W) in 0..1.
        turn: fraction of the full circle, of either sign.
    """
    value = image.amax(1, keepdim=True)  # (B, 1, H, W)
    chroma = value - image.amin(1, keepdim=True)
    divisor = torch.where(chroma == 0, 1.0, chroma)  # a gray pixel has no hue; any value works
    red, green, blue = image.split(1, dim=1)
    hue = torch.where(
        value == red,
        (green - blue) / divisor,
        torch.where(value == green, (blue - red) / divisor + 2, (red - green) / divisor + 4),
    )  # in sixths of the circle
    sixths = (torch.cat([hue + 5, hue + 3, hue + 1], dim=1) + 6 * turn) % 6  # (B, 3, H, W), relative to a channel
    return value - chroma * torch.minimum(sixths, 4 - sixths).clamp(0, 1)
