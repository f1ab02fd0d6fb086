"""The training transform against the published pipeline in torchvision's own words."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torchvision import transforms as tv

from i2ikit.transforms.resize_crop_flip import ResizeCropFlip


def noise(width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def published(load_size: int, crop_size: int) -> Callable[[Image.Image], Tensor]:
    """The training pipeline of the published code bases, methods of torchvision."""
    pipeline: Callable[[Image.Image], Tensor] = tv.Compose(
        [
            tv.Resize([load_size, load_size], tv.InterpolationMode.BICUBIC),
            tv.RandomCrop(crop_size),
            tv.RandomHorizontalFlip(),
            tv.ToTensor(),
            tv.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        ]
    )
    return pipeline


@pytest.mark.parametrize(("width", "height"), [(286, 286), (61, 97), (400, 120)])
@pytest.mark.parametrize("seed", range(4))
def test_equals_the_published_pipeline_bit_for_bit(width: int, height: int, seed: int) -> None:
    image = noise(width, height)
    torch.manual_seed(seed)
    expected = published(286, 256)(image)
    torch.manual_seed(seed)
    assert torch.equal(ResizeCropFlip(286, 256)(image), expected)


def test_draws_as_much_as_the_published_pipeline_so_that_what_follows_agrees_too() -> None:
    for load_size in (32, 40):  # without and with places to choose from
        torch.manual_seed(0)
        published(load_size, 32)(noise(50, 50))
        expected = torch.rand(1)
        torch.manual_seed(0)
        ResizeCropFlip(load_size, 32)(noise(50, 50))
        assert torch.rand(1) == expected


def test_in_the_last_phase_nothing_is_cropped_away() -> None:
    transform = ResizeCropFlip(40, 32, flip=0.0, finetune_after=200)
    image = noise(32, 32)
    whole = ResizeCropFlip(32, 32, flip=0.0)(image)
    transform.set_epoch(200)
    assert not torch.equal(transform(image), whole)
    transform.set_epoch(201)
    assert torch.equal(transform(image), whole)
    transform.set_epoch(1)
    assert not torch.equal(transform(image), whole)


def test_without_a_last_phase_the_epoch_changes_nothing() -> None:
    transform, image = ResizeCropFlip(40, 32), noise(32, 32)
    torch.manual_seed(3)
    first = transform(image)
    transform.set_epoch(10_000)
    torch.manual_seed(3)
    assert torch.equal(transform(image), first)


def test_a_flip_of_one_always_mirrors_and_of_zero_never() -> None:
    image = noise(16, 16)
    plain = ResizeCropFlip(16, 16, flip=0.0)(image)
    for _ in range(5):
        assert torch.equal(ResizeCropFlip(16, 16, flip=0.0)(image), plain)
        assert torch.equal(ResizeCropFlip(16, 16, flip=1.0)(image), plain.flip(-1))


def test_all_windows_are_drawn() -> None:
    torch.manual_seed(0)
    image = Image.frombytes("L", (3, 3), bytes(range(0, 90, 10)))  # one value a place
    transform = ResizeCropFlip(3, 2, flip=0.0)
    corners = {round((transform(image)[0, 0, 0].item() + 1) * 127.5) for _ in range(60)}
    assert corners == {0, 10, 30, 40}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"load_size": 100, "crop_size": 128}, "load_size must be at least crop_size, 128, not 100"),
        ({"load_size": 100, "crop_size": 0}, "crop_size must be an integer above 0, not 0"),
        ({"load_size": 1.5, "crop_size": 1}, "load_size must be an integer above 0, not 1.5"),
        ({"load_size": 9, "crop_size": 9, "flip": 1.5}, "flip must be in 0..1, not 1.5"),
        ({"load_size": 9, "crop_size": 9, "finetune_after": -1}, "finetune_after must be 0 or more epochs, not -1"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        ResizeCropFlip(**arguments)  # type: ignore[arg-type]


def test_a_quick_resize_has_a_key_and_draws_as_the_exact_one() -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (400, 500, 3), dtype=np.uint8))
    results = []
    for quick in (False, True):
        torch.manual_seed(0)
        results.append(ResizeCropFlip(200, 160, quick=quick)(image))
    assert 0 < (results[0] - results[1]).abs().max() < 2.01 / 127.5
    assert ResizeCropFlip(20, 16, quick=True).fixed_key() != ResizeCropFlip(20, 16).fixed_key()
