"""Images before they become tensors: 8-bit images of Pillow, deeper ones as arrays.

8-bit grayscale and RGB images stay with Pillow, as in the published pipelines. All others (more bits, more channels)
are float32 arrays (H, W, C) with values in 0..1, which are processed channel by channel with the same filters. Codes,
such as those of a mask or a label map, are images of Pillow with 32 bits: they are moved, and never mixed or scaled.
"""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

Pixels = Image.Image | NDArray[np.float32]
HALF_OF_WHITE = np.float32(127.5)
CODES = "I"  # mode of an image whose values are codes
BANDED = ("L", "RGB", "RGBA", "CMYK")  # modes whose bands Pillow returns one by one, without interleaving


def image_to_tensor(image: Pixels) -> Tensor:
    """Return an image as float32 in -1..1: (v / 255 - 0.5) / 0.5, rounded in this order.

    Args:
        image: of Pillow, with 8 bits a channel, such as RGB or grayscale, H x W pixels; or an array (H, W, C) in 0..1,
            whose values are not divided by 255; or codes.
    Shape:
        returns: (C, H, W); codes as they are, int64 (1, H, W).
    Source:
        the published pipelines: torchvision's ToTensor and Normalize(0.5, 0.5), value for value.
    """
    if isinstance(image, np.ndarray):
        values = torch.from_numpy(image.astype(np.float32))  # (H, W, C); a copy
        return values.permute(2, 0, 1).contiguous().sub_(0.5).div_(0.5)
    if image.mode == CODES:
        return torch.from_numpy(np.array(image, np.int64))[None]
    bands = _bands(image)
    pixels = np.empty((len(bands), image.height, image.width), np.float32)
    for plane, band in zip(pixels, bands, strict=True):
        np.divide(band.reshape(plane.shape), HALF_OF_WHITE, out=plane)
    pixels -= 1  # v / 127.5 - 1 rounds like the published steps, as doubling is exact
    return torch.from_numpy(pixels)


def _bands(image: Image.Image) -> list[NDArray[np.uint8]]:
    """Return the bytes of each channel."""
    if image.mode in BANDED:
        return [np.frombuffer(image.tobytes("raw", band), np.uint8) for band in image.getbands()]
    return list(np.array(image, dtype=np.uint8).reshape(image.height * image.width, -1).T)


def size_of(image: Pixels) -> tuple[int, int]:
    """Return width and height in pixels."""
    return (image.shape[1], image.shape[0]) if isinstance(image, np.ndarray) else image.size


def resize(
    image: Pixels,
    size: tuple[int, int],
    *,
    filtering: Image.Resampling = Image.Resampling.BICUBIC,
    box: tuple[float, float, float, float] | None = None,
) -> Pixels:
    """Resize with Pillow's filter, bicubic unless another is named; arrays are clipped to 0..1, codes never mixed.

    Args:
        image: an image of Pillow, or an array (H, W, C) in 0..1.
        size: width and height in pixels, >= 1.
        filtering: Pillow's resampling filter.
        box: left, top, right and bottom of the part that is resized, in pixels; None: all of it.
    """
    if isinstance(image, Image.Image):
        return image.resize(size, Image.Resampling.NEAREST if image.mode == CODES else filtering, box)
    channels = [
        np.asarray(Image.fromarray(np.ascontiguousarray(image[:, :, c], np.float32)).resize(size, filtering, box))
        for c in range(image.shape[2])
    ]
    return np.stack(channels, axis=2).clip(0, 1)


def quick_resize(image: Pixels, size: tuple[int, int]) -> Pixels:
    """Resize bicubically with torch, which is about twice as fast for 8-bit images.

    Torch's filter coefficients have fewer digits, so some values differ from Pillow's by one or two of 255 levels.

    Args:
        image: an image of Pillow, or an array (H, W, C) in 0..1, which :func:`resize` resizes.
        size: width and height in pixels, >= 1.
    """
    if not isinstance(image, Image.Image) or image.mode not in ("L", "RGB"):
        return resize(image, size)
    pixels = torch.from_numpy(np.array(image)).view(1, image.height, image.width, -1)  # (1, H, W, C)
    resized = F.interpolate(pixels.permute(0, 3, 1, 2), size[::-1], mode="bicubic", antialias=True, align_corners=False)
    return Image.fromarray(resized[0].permute(1, 2, 0).squeeze(2).contiguous().numpy())


def crop(image: Pixels, left: int, top: int, width: int, height: int) -> Pixels:
    """Return a window, in pixels, inside the image."""
    if isinstance(image, Image.Image):
        return image.crop((left, top, left + width, top + height))
    return image[top : top + height, left : left + width]


def mirror(image: Pixels) -> Pixels:
    """Return the image flipped horizontally."""
    if isinstance(image, Image.Image):
        return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return image[:, ::-1]
