"""Pixels become -1..1, rounding for rounding as torchvision does it."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import Compose, Normalize, ToTensor

from i2ikit.ops.pixels import crop, image_to_tensor, mirror, quick_resize, resize, size_of


def ramp(mode: str = "L") -> Image.Image:
    """All 256 values in one row."""
    return Image.frombytes("L", (256, 1), bytes(range(256))).convert(mode)


def test_black_is_minus_one_and_white_is_one() -> None:
    tensor = image_to_tensor(Image.frombytes("L", (2, 1), b"\x00\xff"))
    assert tensor.tolist() == [[[-1.0, 1.0]]]


def test_every_value_equals_the_published_pipeline_bit_for_bit() -> None:
    published = Compose([ToTensor(), Normalize((0.5,) * 3, (0.5,) * 3)])
    assert torch.equal(image_to_tensor(ramp("RGB")), published(ramp("RGB")))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "CMYK", "YCbCr"])
def test_channels_come_in_the_order_of_their_mode(mode: str) -> None:
    image = Image.merge(
        mode, [ramp().point(lambda v, k=k: (v + 50 * k) % 256) for k in range(len(Image.new(mode, (1, 1)).getbands()))]
    )
    wanted = torch.from_numpy(np.array(image)).reshape(1, 256, -1).permute(2, 0, 1).float().div(255).sub(0.5).div(0.5)
    assert torch.equal(image_to_tensor(image), wanted)


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


DEEP = np.random.default_rng(0).random((9, 12, 5), dtype=np.float32)


def test_an_array_from_nought_to_one_becomes_minus_one_to_one() -> None:
    tensor = image_to_tensor(np.array([[[0.0, 0.25, 1.0]]], np.float32))
    assert tensor.flatten().tolist() == [-1.0, -0.5, 1.0]


def test_an_array_does_not_share_memory_with_its_tensor_even_if_mirrored() -> None:
    image = DEEP.copy()
    image_to_tensor(mirror(image)).zero_()
    assert np.array_equal(image, DEEP)


def test_deep_images_are_resized_as_8_bit_ones_but_for_the_rounding() -> None:
    image = Image.fromarray((DEEP[:, :, 0] * 120 + 60).astype(np.uint8))  # Pillow 12 clips overshoots between the axes
    shallow = np.asarray(resize(image, (31, 5))) / 255
    deep = resize(np.asarray(image, np.float32)[:, :, None] / 255, (31, 5))
    assert deep.shape == (5, 31, 1)
    assert np.abs(deep[:, :, 0] - shallow).max() < 1.5 / 255  # bytes are rounded after either axis


def test_what_bicubic_overshoots_is_clipped() -> None:
    edge = np.zeros((8, 8, 1), np.float32)
    edge[:, 4:] = 1
    found = np.asarray(resize(edge, (32, 32)))
    assert (found.min(), found.max()) == (0, 1)


@pytest.mark.parametrize("deep", [True, False])
def test_crops_and_flips_of_both_kinds_are_equal(deep: bool) -> None:
    bytes_ = Image.fromarray((DEEP[:, :, :3] * 255).astype(np.uint8))
    image = np.asarray(bytes_, np.float32) if deep else bytes_
    assert size_of(image) == (12, 9)
    found = np.asarray(mirror(crop(image, 2, 1, 5, 4)))
    assert np.array_equal(found, np.asarray(bytes_)[1:5, 2:7][:, ::-1])


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("size", [(24, 31), (90, 70), (61, 50)])
def test_a_quick_resize_differs_from_pillow_by_two_levels_at_most(mode: str, size: tuple[int, int]) -> None:
    bands = len(mode)
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 61, bands), dtype=np.uint8).squeeze())
    exact, quick = resize(noise, size), quick_resize(noise, size)
    assert isinstance(quick, Image.Image)
    assert (quick.mode, quick.size) == (mode, size)
    apart = np.abs(np.asarray(exact, np.int16) - np.asarray(quick))
    assert apart.max() <= 2
    assert apart.mean() < 0.05


def test_a_quick_resize_of_deep_images_and_odd_modes_is_the_exact_one() -> None:
    assert np.array_equal(quick_resize(DEEP, (5, 4)), resize(DEEP, (5, 4)))
    clear = Image.new("RGBA", (9, 9), (1, 2, 3, 4))
    assert quick_resize(clear, (4, 4)) == resize(clear, (4, 4))
