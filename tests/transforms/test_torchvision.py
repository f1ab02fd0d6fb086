import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from i2ikit.errors import DataError
from i2ikit.ops.pixels import image_to_tensor
from i2ikit.transforms.torchvision import TorchvisionTransform, names

DEEP = np.random.default_rng(0).random((9, 12, 5), dtype=np.float32)
BYTES = Image.fromarray((DEEP[:, :, :3] * 255).astype(np.uint8))


def test_an_8_bit_image_goes_through_as_torchvision_would_do_it() -> None:
    transform = TorchvisionTransform("RandomRotation", degrees=30, interpolation="bilinear")
    torch.manual_seed(0)
    expected = v2.RandomRotation(30, interpolation=v2.InterpolationMode.BILINEAR)(BYTES)
    torch.manual_seed(0)
    assert torch.equal(transform(BYTES), image_to_tensor(expected))


def test_a_deep_image_keeps_its_channels_and_its_range() -> None:
    found = TorchvisionTransform("RandomVerticalFlip", p=1.0)(DEEP)
    assert torch.equal(found, image_to_tensor(DEEP[::-1]))
    loud = TorchvisionTransform("GaussianNoise", sigma=3.0, clip=False)(DEEP)
    assert (loud.min(), loud.max()) == (-1, 1)


def test_draws_come_from_the_seeded_stream() -> None:
    transform = TorchvisionTransform("RandomAffine", degrees=20)
    found = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        found.append(transform(BYTES))
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"has no transform 'RandomRotate'\. Nearest: 'RandomRotation'"):
        TorchvisionTransform("RandomRotate")


@pytest.mark.parametrize(
    "name", ["os.system", "functional", "Lambda", "RandomApply", "__builtins__", "InterpolationMode"]
)
def test_nothing_but_transforms_of_images_can_be_named(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        TorchvisionTransform(name)
    assert name not in names()


def test_wrong_arguments_are_shown_with_the_right_ones() -> None:
    with pytest.raises(ValueError, match=r"RandomRotation\(degrees: .* refuses its arguments: .*'angle'"):
        TorchvisionTransform("RandomRotation", angle=3)


@pytest.mark.parametrize("image", [BYTES, DEEP], ids=["bytes", "deep"])
def test_what_makes_no_image_is_refused(image: Image.Image) -> None:
    with pytest.raises(DataError, match=r"torchvision's (FiveCrop) makes tuple of an image"):
        TorchvisionTransform("FiveCrop", size=4)(image)
