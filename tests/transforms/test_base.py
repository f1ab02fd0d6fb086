"""Every transform has a fixed and a random part: the same pixels in one call and in two."""

import numpy as np
import pytest
import torch
from PIL import Image

from i2ikit.ops.pixels import Pixels
from i2ikit.transforms.base import Transform
from i2ikit.transforms.resize import Resize, ResizeToMultiple
from i2ikit.transforms.resize_crop_flip import ResizeCropFlip

DEEP = np.random.default_rng(0).random((30, 45, 5), dtype=np.float32)
BYTES = Image.fromarray((DEEP[:, :, :3] * 255).astype(np.uint8))


@pytest.mark.parametrize("transform", [ResizeCropFlip(24, 16), Resize(16), ResizeToMultiple(8)])
@pytest.mark.parametrize("image", [BYTES, DEEP], ids=["bytes", "five channels"])
def test_a_cached_fixed_part_gives_the_same_pixels(transform: Transform, image: Pixels) -> None:
    kept = transform.fixed(image)
    for seed in range(5):
        torch.manual_seed(seed)
        whole = transform(image)
        torch.manual_seed(seed)
        assert torch.equal(transform.finish(kept), whole)


def test_the_fixed_part_uses_no_random_numbers() -> None:
    before = torch.get_rng_state()
    ResizeCropFlip(24, 16).fixed(DEEP)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_key_names_the_phase_of_the_run() -> None:
    transform = ResizeCropFlip(24, 16, finetune_after=2)
    keys = []
    for epoch in (1, 2, 3):
        transform.set_epoch(epoch)
        keys.append(transform.fixed_key())
    assert keys == ["bicubic 24x24", "bicubic 24x24", "bicubic 16x16"]
    assert Resize(16).fixed_key() == keys[-1]  # so both may share a cached image


def test_a_transform_that_changes_nothing_only_makes_a_tensor() -> None:
    tensor = Transform()(DEEP)
    assert tensor.shape == (5, 30, 45)
    assert torch.equal(tensor, torch.from_numpy(DEEP).permute(2, 0, 1).sub(0.5).div(0.5))
