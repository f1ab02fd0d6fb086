from typing import Any

import numpy as np
import pytest
import torch

from i2ikit.build import Builder
from i2ikit.ops.pixels import Pixels
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms.base import Transform
from i2ikit.transforms.compose import Compose
from i2ikit.transforms.random_mirror import RandomMirror
from i2ikit.transforms.resize import Resize
from i2ikit.transforms.resize_crop_flip import ResizeCropFlip
from i2ikit.transforms.sometimes import Sometimes

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


def test_transforms_are_applied_in_their_order_and_become_numbers_once() -> None:
    found = Compose([Resize(4), Darker(), Darker()])(IMAGE)
    assert torch.allclose(found, (Resize(4)(IMAGE) + 1) / 4 - 1, atol=1e-6)


def test_what_comes_before_the_first_draw_is_fixed_and_the_rest_is_not() -> None:
    transform = Compose([Darker(), Resize(4), RandomMirror(flip=1.0), Resize(8), Darker()])
    assert transform.fixed_key() == "darker, bicubic 4x4"
    assert np.asarray(transform.fixed(IMAGE)).shape == (4, 4, 2)
    assert transform.drawn(transform.fixed(IMAGE)).shape == (2, 8, 8)
    assert Compose([Resize(4)]).draws is False


def test_a_transform_that_is_fixed_and_drawn_begins_the_draws() -> None:
    transform = Compose([Darker(), ResizeCropFlip(8, 4)])
    assert transform.fixed_key() == "darker, bicubic 8x8"
    assert transform(IMAGE).shape == (2, 4, 4)


def test_a_config_lists_them() -> None:
    parts = [{"type": "Resize", "load_size": 6}, {"type": "RandomCrop", "crop_size": 5}]
    assert built({"type": "Compose", "transforms": parts})(IMAGE).shape == (2, 5, 5)


def test_the_epoch_reaches_all_of_them() -> None:
    transform = Compose([Sometimes(ResizeCropFlip(8, 4, finetune_after=1)), ResizeCropFlip(8, 4, finetune_after=1)])
    transform.set_epoch(2)
    assert transform.transforms[1].fixed_key() == "bicubic 4x4"
    assert transform.transforms[0].transform.fixed_key() == "bicubic 4x4"


def test_a_transform_is_applied_as_often_as_its_probability_says() -> None:
    torch.manual_seed(0)
    transform = Sometimes(Darker(), probability=0.25)
    share = np.mean([transform(IMAGE).max() < 0.01 for _ in range(2000)])
    assert share == pytest.approx(0.25, abs=0.03)  # three standard errors


def test_a_function_to_tensors_cannot_be_followed_or_left_out() -> None:
    def to_tensor(image: Pixels) -> torch.Tensor:
        return torch.zeros(1)

    with pytest.raises(ValueError, match="function cannot be followed by others: it gives no image"):
        Compose([to_tensor])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="function gives no image, so that it cannot be left out"):
        Sometimes(to_tensor)  # type: ignore[arg-type]


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(ValueError, match="transforms must have at least one transform"):
        Compose([])
