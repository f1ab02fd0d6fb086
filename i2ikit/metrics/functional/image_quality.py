"""Measures of images inside and outside masks: PSNR, high-pass contrast, color saturation.

Images have values in 0..1 and shape (B, C, H, W); masks have values 0 and 1 and shape (B, 1, H, W).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.checks import same_shape
from i2ikit.errors import ShapeError

GRAY = (0.299, 0.587, 0.114)  # ITU-R BT.601


def check_mask(who: str, image: Tensor, mask: Tensor) -> None:
    """Raise ShapeError, naming ``who``, unless the mask is (B, 1, H, W) for an image (B, C, H, W)."""
    if image.ndim != 4 or mask.shape != (len(image), 1, *image.shape[-2:]):
        raise ShapeError(
            f"{who} needs a mask (B, 1, H, W) for an image (B, C, H, W), got mask {tuple(mask.shape)} "
            f"and image {tuple(image.shape)}"
        )


def check_window(window: int) -> int:
    """Return ``window`` if it is odd and at least 3, else raise ValueError."""
    if window < 3 or window % 2 == 0:
        raise ValueError(f"window must be odd and at least 3, not {window!r}")
    return window


def masked_mean(value: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over the masked pixels of each image, (B,); NaN where a mask is empty.

    Shape: value (B, 1, H, W); mask (B, 1, H, W).
    """
    return (value * mask).sum(dim=(1, 2, 3)) / mask.sum(dim=(1, 2, 3))


def psnr(image: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the peak signal-to-noise ratio of each image, (B,) in dB, inf where they are equal.

    Args:
        image, target: (B, C, H, W) in 0..1.
        mask: (B, 1, H, W), where to compare; None: everywhere. An empty mask gives NaN.

    Raises:
        ShapeError: the shapes do not match.
    """
    same_shape("psnr", image=image, target=target)
    if mask is None:
        mask = torch.ones_like(image[:, :1])
    check_mask("psnr", image, mask)
    return -10 * masked_mean((image - target).square().mean(dim=1, keepdim=True), mask).log10()


def gray(image: Tensor) -> Tensor:
    """Return the luma (B, 1, H, W) of an RGB image (B, 3, H, W); an image with one channel is returned unchanged.

    Raises:
        ShapeError: there are neither 1 nor 3 channels.
    """
    if image.ndim != 4 or image.shape[1] not in (1, 3):
        raise ShapeError(f"an image (B, 1, H, W) or (B, 3, H, W) is needed, not {tuple(image.shape)}")
    if image.shape[1] == 1:
        return image
    return (image * image.new_tensor(GRAY)[:, None, None]).sum(dim=1, keepdim=True)


def high_pass_contrast(image: Tensor, mask: Tensor, *, window: int = 5) -> Tensor:
    """Return the local contrast: the standard deviation of (luma - box mean) in the mask.

    Args:
        image: (B, C, H, W) in 0..1, C 1 or 3.
        mask: (B, 1, H, W).
        window: height and width of the box in pixels, odd, >= 3; beyond the image its border is repeated.

    Shape:
        returns: (B,) in 0..1, NaN where the mask is empty.

    Raises:
        ValueError: the window is even or too small.
        ShapeError: the shapes do not match.
    """
    check_window(window)
    check_mask("high_pass_contrast", image, mask)
    luma = gray(image)
    half = window // 2
    around = F.avg_pool2d(F.pad(luma, (half, half, half, half), mode="replicate"), window, stride=1)
    detail = luma - around
    centered = detail - masked_mean(detail, mask)[:, None, None, None]
    return masked_mean(centered.square(), mask).sqrt()


def saturation(image: Tensor, mask: Tensor) -> Tensor:
    """Return the mean difference of the strongest and the weakest channel in the mask.

    Shape:
        image: (B, C, H, W) in 0..1; mask: (B, 1, H, W).
        returns: (B,) in 0..1: 0 is gray, 1 is pure red, green or blue; NaN where the mask is empty.

    Raises:
        ShapeError: the shapes do not match.
    """
    check_mask("saturation", image, mask)
    return masked_mean(image.amax(dim=1, keepdim=True) - image.amin(dim=1, keepdim=True), mask)
