"""Hue of RGB images, with gradient."""

import torch
from torch import Tensor


def turn_hue(image: Tensor, turn: float) -> Tensor:
    """Turn the color of every pixel on the circle of hues; torchvision's function lets no gradient through.

    Args:
        image: (B, 3, H, W) in 0..1.
        turn: part of the full circle, of either sign.
    """
    value = image.amax(1, keepdim=True)  # (B, 1, H, W)
    chroma = value - image.amin(1, keepdim=True)
    divisor = torch.where(chroma == 0, 1.0, chroma)  # a gray pixel has no hue; any will do
    red, green, blue = image.split(1, dim=1)
    hue = torch.where(
        value == red,
        (green - blue) / divisor,
        torch.where(value == green, (blue - red) / divisor + 2, (red - green) / divisor + 4),
    )  # in sixths of the circle
    sixths = (torch.cat([hue + 5, hue + 3, hue + 1], dim=1) + 6 * turn) % 6  # (B, 3, H, W), each channel's place
    return value - chroma * torch.minimum(sixths, 4 - sixths).clamp(0, 1)
