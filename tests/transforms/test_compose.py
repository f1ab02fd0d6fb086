"""Compose and Sometimes; the pre-processing modes of CycleGAN and CUT, composed of parts, against published steps."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torchvision import transforms as tv

from i2ikit.build import Builder
from i2ikit.ops.pixels import Pixels
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms import (
    RandomCrop,
    RandomMirror,
    Resize,
    ResizeCropFlip,
    ResizeToMultiple,
    ScaleShortSide,
    ScaleWidth,
)
from i2ikit.transforms.base import Transform
from i2ikit.transforms.compose import Compose, Sometimes

IMAGE = np.random.default_rng(0).random((9, 12, 2), dtype=np.float32)


class Darker(Transform):
    def fixed(self, image: Pixels) -> Pixels:
        return np.asarray(image) / 2

    def fixed_key(self) -> str:
        return "darker"


def built(config: dict[str, Any]) -> Any:
    builder = Builder()
    part = builder.part(TRANSFORMS, config, "data.train.transform")
    assert part is not None, builder.errors
    return part


def test_transforms_are_applied_in_their_order_and_become_a_tensor_once() -> None:
    found = Compose([Resize(4), Darker(), Darker()])(IMAGE)
    assert torch.allclose(found, (Resize(4)(IMAGE) + 1) / 4 - 1, atol=1e-6)


def test_what_comes_before_the_first_random_step_is_fixed_and_the_rest_is_not() -> None:
    transform = Compose([Darker(), Resize(4), RandomMirror(flip=1.0), Resize(8), Darker()])
    assert transform.fixed_key() == "darker, bicubic 4x4"
    assert np.asarray(transform.fixed(IMAGE)).shape == (4, 4, 2)
    assert transform.finish(transform.fixed(IMAGE)).shape == (2, 8, 8)
    assert Compose([Resize(4)]).is_random is False


def test_a_transform_with_a_fixed_and_a_random_part_is_split() -> None:
    transform = Compose([Darker(), ResizeCropFlip(8, 4)])
    assert transform.fixed_key() == "darker, bicubic 8x8"
    assert transform(IMAGE).shape == (2, 4, 4)


def test_a_config_lists_them() -> None:
    parts = [{"type": "Resize", "size": 6}, {"type": "RandomCrop", "crop_size": 5}]
    assert built({"type": "Compose", "transforms": parts})(IMAGE).shape == (2, 5, 5)


def test_the_epoch_reaches_all_of_them() -> None:
    transform = Compose([Sometimes(ResizeCropFlip(8, 4, finetune_after=1)), ResizeCropFlip(8, 4, finetune_after=1)])
    transform.set_epoch(2)
    assert transform.transforms[1].fixed_key() == "bicubic 4x4"
    assert transform.transforms[0].transform.fixed_key() == "bicubic 4x4"


def test_a_transform_is_applied_as_often_as_its_probability_says() -> None:
    torch.manual_seed(0)
    transform = Sometimes(Darker(), probability=0.25)
    fraction = np.mean([transform(IMAGE).max() < 0.01 for _ in range(2000)])
    assert fraction == pytest.approx(0.25, abs=0.03)  # three standard errors


def test_a_function_to_tensors_cannot_be_followed_or_left_out() -> None:
    def to_tensor(image: Pixels) -> torch.Tensor:
        return torch.zeros(1)

    with pytest.raises(ValueError, match="function cannot be followed by others: it returns no image"):
        Compose([to_tensor])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="function returns no image, so it cannot be skipped"):
        Sometimes(to_tensor)  # type: ignore[arg-type]


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(ValueError, match="transforms must have at least one transform"):
        Compose([])


LOAD, CROP = 40, 32
Step = Callable[[Image.Image], Image.Image]
BICUBIC = Image.Resampling.BICUBIC


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def published(*steps: Step) -> Callable[[Image.Image], Tensor]:
    """What comes after the mode's own steps is common to all: multiples of four, mirror, numbers."""

    def to_fours(image: Image.Image) -> Image.Image:
        width, height = (round(side / 4) * 4 for side in image.size)
        return image if image.size == (width, height) else image.resize((width, height), BICUBIC)

    last = [tv.RandomHorizontalFlip(), tv.ToTensor(), tv.Normalize((0.5,) * 3, (0.5,) * 3)]
    pipeline: Callable[[Image.Image], Tensor] = tv.Compose([*steps, to_fours, *last])
    return pipeline


def ours(*parts: Transform) -> Transform:
    return Compose([*parts, ResizeToMultiple(4), RandomMirror()])


def scaled_width(image: Image.Image) -> Image.Image:
    width, height = image.size
    if width == LOAD and height >= CROP:
        return image
    return image.resize((LOAD, int(max(LOAD * height / width, CROP))), BICUBIC)


def scaled_short_side(image: Image.Image) -> Image.Image:
    width, height = image.size
    if min(width, height) >= LOAD:
        return image
    scale = LOAD / min(width, height)
    return image.resize((round(width * scale), round(height * scale)), BICUBIC)


MODES = {
    "resize_and_crop": (
        published(tv.Resize([LOAD, LOAD], tv.InterpolationMode.BICUBIC), tv.RandomCrop(CROP)),
        ours(Resize(LOAD), RandomCrop(CROP)),
    ),
    "resize": (published(tv.Resize([LOAD, LOAD], tv.InterpolationMode.BICUBIC)), ours(Resize(LOAD))),
    "resize of gta2cityscapes": (
        published(tv.Resize([LOAD // 2, LOAD], tv.InterpolationMode.BICUBIC)),
        ours(Resize(LOAD, height=LOAD // 2)),
    ),
    "crop": (published(tv.RandomCrop(CROP)), ours(RandomCrop(CROP))),
    "scale_width": (published(scaled_width), ours(ScaleWidth(LOAD, CROP))),
    "scale_width_and_crop": (
        published(scaled_width, tv.RandomCrop(CROP)),
        ours(ScaleWidth(LOAD, CROP), RandomCrop(CROP)),
    ),
    "scale_shortside": (published(scaled_short_side), ours(ScaleShortSide(LOAD))),
    "scale_shortside_and_crop": (
        published(scaled_short_side, tv.RandomCrop(CROP)),
        ours(ScaleShortSide(LOAD), RandomCrop(CROP)),
    ),
    "none": (published(), ours()),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("width", "height"), [(40, 40), (61, 97), (120, 33)])
def test_each_mode_gives_the_published_values(mode: str, width: int, height: int) -> None:
    expected, found = MODES[mode]
    for seed in range(3):
        torch.manual_seed(seed)
        wanted = expected(noise(width, height))
        after = torch.rand(1)
        torch.manual_seed(seed)
        assert torch.equal(found(noise(width, height)), wanted)
        assert torch.rand(1) == after  # as many random numbers, so what follows agrees too


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_can_be_cached_up_to_its_first_random_step(mode: str) -> None:
    transform, image = MODES[mode][1], noise(61, 97)
    kept = transform.fixed(image)
    for seed in range(3):
        torch.manual_seed(seed)
        whole = transform(image)
        torch.manual_seed(seed)
        assert torch.equal(transform.finish(kept), whole)
