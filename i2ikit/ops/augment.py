"""Differentiable changes of images, with values of its own for each image."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

LUMA = 3**-0.5  # of each component of the gray axis of RGB, of length 1


def shifted(x: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Move images by whole pixels; what comes into view is 0.

    Args:
        x: (B, C, H, W).
        down, right: int64 (B,), pixels.
    """
    height, width = x.shape[-2:]
    padded = F.pad(x, (1, 1, 1, 1)).permute(0, 2, 3, 1)  # (B, H + 2, W + 2, C)
    rows = (torch.arange(1, height + 1, device=x.device) - down[:, None]).clamp(0, height + 1)  # (B, H)
    columns = (torch.arange(1, width + 1, device=x.device) - right[:, None]).clamp(0, width + 1)  # (B, W)
    images = torch.arange(len(x), device=x.device)[:, None, None]
    return padded[images, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def cut_out(x: Tensor, top: Tensor, left: Tensor, size: tuple[int, int]) -> Tensor:
    """Set a rectangle of each image to 0.

    Args:
        x: (B, C, H, W).
        top, left: int64 (B,), where it begins; it may reach beyond the image.
        size: its height and width.
    """
    rows, columns = (torch.arange(side, device=x.device) for side in x.shape[-2:])
    down, across = rows - top[:, None], columns - left[:, None]
    inside = ((down >= 0) & (down < size[0]))[:, :, None] & ((across >= 0) & (across < size[1]))[:, None, :]
    return x * ~inside[:, None]


def affine(rows: list[list[Tensor | float]], like: Tensor) -> Tensor:
    """Return matrices (B, N, N) from their entries, each (B,) or one number for all images.

    Args:
        rows: of entries.
        like: (B,), which tells their number, type and device.
    """
    filled = [[value if isinstance(value, Tensor) else torch.full_like(like, value) for value in row] for row in rows]
    return torch.stack([torch.stack(row, 1) for row in filled], 1)  # no copy from the CPU, which the device waits for


def rotation(angle: Tensor) -> Tensor:
    """Return matrices (B, 3, 3) that turn by angles (B,) in radians."""
    cosine, sine = angle.cos(), angle.sin()
    return affine([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]], angle)


def scaling(x: Tensor, y: Tensor) -> Tensor:
    """Return matrices (B, 3, 3) that scale by factors (B,)."""
    return affine([[x, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, 1.0]], x)


def translation(x: Tensor, y: Tensor) -> Tensor:
    """Return matrices (B, 3, 3) that move by (B,)."""
    return affine([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]], x)


def warped(x: Tensor, matrix: Tensor) -> Tensor:
    """Sample images where a matrix sends their positions, bilinearly; they are mirrored at their borders.

    Args:
        x: (B, C, H, W).
        matrix: (B, 3, 3), from a position of the result to one of ``x``, in pixels from the center, (x, y, 1).
    """
    height, width = x.shape[-2:]
    like = matrix[:, 0, 0]
    to_pixels, from_pixels = (
        affine([[across, 0.0, 0.0], [0.0, down, 0.0], [0.0, 0.0, 1.0]], like)
        for across, down in ((width / 2, height / 2), (2 / width, 2 / height))
    )
    scaled = from_pixels @ matrix @ to_pixels  # of positions in -1..1
    grid = F.affine_grid(scaled[:, :2].to(x), list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def recolored(x: Tensor, matrix: Tensor) -> Tensor:
    """Return RGB images (B, 3, H, W) after matrices (B, 4, 4) of (red, green, blue, 1)."""
    flat = matrix[:, :3, :3] @ x.flatten(2) + matrix[:, :3, 3:]
    return flat.view_as(x)


def color_rotation(angle: Tensor) -> Tensor:
    """Return matrices (B, 4, 4) that turn colors around the gray axis by angles (B,) in radians."""
    cosine, sine = angle.cos(), angle.sin()
    across, turned = (1 - cosine) / 3, sine * LUMA
    same, plus, minus = cosine + across, across + turned, across - turned
    return affine(
        [[same, minus, plus, 0.0], [plus, same, minus, 0.0], [minus, plus, same, 0.0], [0.0, 0.0, 0.0, 1.0]], angle
    )


def gray_mix(along: Tensor, across: Tensor) -> Tensor:
    """Return matrices (B, 4, 4) that scale colors (B,) along the gray axis, and across it (saturation)."""
    mean = (along - across) / 3
    same = across + mean
    return affine(
        [[same, mean, mean, 0.0], [mean, same, mean, 0.0], [mean, mean, same, 0.0], [0.0, 0.0, 0.0, 1.0]], along
    )


def contrast_and_brightness(factor: Tensor, offset: Tensor) -> Tensor:
    """Return matrices (B, 4, 4) that multiply all channels by factors (B,) and add offsets (B,)."""
    rows: list[list[Tensor | float]] = [[0.0] * 3 + [offset] for _ in range(3)]
    for channel in range(3):
        rows[channel][channel] = factor
    return affine([*rows, [0.0, 0.0, 0.0, 1.0]], factor)


def whole_turns(angle: Tensor) -> Tensor:
    """Return fractions of a circle as radians."""
    return angle * (2 * math.pi)
