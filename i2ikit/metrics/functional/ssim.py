"""The structural similarity of two images."""

import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.checks import same_shape
from i2ikit.errors import ShapeError

WINDOW, SIGMA = 11, 1.5  # pixels
C1, C2 = 0.01**2, 0.03**2  # for values in 0..1


def ssim(image: Tensor, target: Tensor) -> Tensor:
    """Return the structural similarity of each image with its target, the mean over channels and positions.

    Local moments are computed in a Gaussian window of 11 x 11 pixels with a standard deviation of 1.5, at all positions
    where the window fits into the image.

    Shape:
        image, target: (B, C, H, W) in 0..1, H and W >= 11.
        returns: (B,), at most 1, the value of equal images.

    Raises:
        ShapeError: the shapes differ, or an image is smaller than the window.
    Source:
        Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural Similarity".
    """
    same_shape("ssim", image=image, target=target)
    if image.ndim != 4 or min(image.shape[-2:]) < WINDOW:
        raise ShapeError(f"ssim needs images (B, C, H, W) of at least {WINDOW}x{WINDOW}, got {tuple(image.shape)}")
    x, y = image.double(), target.double()
    moments = _blur(torch.cat([x, y, x * x, y * y, x * y]))
    mean_x, mean_y, square_x, square_y, product = moments.chunk(5)
    contrast = square_x - mean_x**2 + square_y - mean_y**2
    shared = product - mean_x * mean_y
    value = (2 * mean_x * mean_y + C1) * (2 * shared + C2) / ((mean_x**2 + mean_y**2 + C1) * (contrast + C2))
    return value.mean(dim=(1, 2, 3)).to(image.dtype)


def _blur(x: Tensor) -> Tensor:
    """Return the Gaussian means (B, C, H - 10, W - 10) of (B, C, H, W)."""
    offsets = torch.arange(WINDOW, dtype=x.dtype, device=x.device) - WINDOW // 2
    bell = torch.exp(-(offsets**2) / (2 * SIGMA**2))
    bell = (bell / bell.sum()).expand(x.shape[1], 1, 1, WINDOW)
    across = F.conv2d(x, bell, groups=x.shape[1])
    return F.conv2d(across, bell.mT, groups=x.shape[1])
