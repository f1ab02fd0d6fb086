"""From 8-bit pixels to the numbers that networks see."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def image_to_tensor(image: Image.Image) -> Tensor:
    """Return an image as float32 in -1..1: v / 255, minus 0.5, divided by 0.5, in this order of roundings.

    Args:
        image: 8 bits a channel, such as RGB or grayscale, H x W pixels.
    Shape:
        returns: (C, H, W).
    Source:
        the published pipelines: torchvision's ToTensor and Normalize(0.5, 0.5), value for value.
    """
    pixels = torch.from_numpy(np.array(image, dtype=np.uint8)).reshape(image.height, image.width, -1)  # (H, W, C)
    return pixels.permute(2, 0, 1).contiguous().float().div_(255).sub_(0.5).div_(0.5)
