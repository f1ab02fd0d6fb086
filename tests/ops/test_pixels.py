"""Pixels become -1..1, rounding for rounding as torchvision does it."""

import torch
from PIL import Image
from torchvision.transforms import Compose, Normalize, ToTensor

from i2ikit.ops.pixels import image_to_tensor


def ramp(mode: str = "L") -> Image.Image:
    """All 256 values in one row."""
    return Image.frombytes("L", (256, 1), bytes(range(256))).convert(mode)


def test_black_is_minus_one_and_white_is_one() -> None:
    tensor = image_to_tensor(Image.frombytes("L", (2, 1), b"\x00\xff"))
    assert tensor.tolist() == [[[-1.0, 1.0]]]


def test_every_value_equals_the_published_pipeline_bit_for_bit() -> None:
    published = Compose([ToTensor(), Normalize((0.5,) * 3, (0.5,) * 3)])
    assert torch.equal(image_to_tensor(ramp("RGB")), published(ramp("RGB")))


def test_channels_come_first_then_rows_then_columns() -> None:
    image = Image.new("RGB", (4, 3))
    image.putpixel((3, 1), (0, 255, 0))  # x 3, y 1
    tensor = image_to_tensor(image)
    assert tensor.shape == (3, 3, 4)
    assert tensor.dtype == torch.float32
    assert torch.nonzero(tensor == 1).tolist() == [[1, 1, 3]]


def test_grayscale_keeps_one_channel() -> None:
    assert image_to_tensor(ramp()).shape == (1, 1, 256)


def test_the_image_does_not_share_memory_with_the_tensor() -> None:
    image = ramp()
    image_to_tensor(image).zero_()
    assert image.getpixel((7, 0)) == 7
