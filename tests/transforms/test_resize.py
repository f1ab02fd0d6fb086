"""Resizing; the published test pipeline in torchvision's own words."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms as tv

from i2ikit.ops.pixels import image_to_tensor
from i2ikit.transforms.base import Transform
from i2ikit.transforms.resize import Resize, ResizeToMultiple, ScaleShortSide, ScaleWidth


@pytest.mark.parametrize(("width", "height"), [(256, 256), (61, 97), (400, 120)])
def test_equals_the_published_test_pipeline_bit_for_bit(width: int, height: int) -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))
    published = tv.Compose(
        [
            tv.Resize([256, 256], tv.InterpolationMode.BICUBIC),
            tv.ToTensor(),
            tv.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        ]
    )
    assert torch.equal(Resize(256)(image), published(image))


@pytest.mark.parametrize(("size", "expected"), [((101, 99), (100, 100)), ((1, 1), (4, 4)), ((7, 13), (8, 12))])
def test_height_and_width_become_the_nearest_multiples(size: tuple[int, int], expected: tuple[int, int]) -> None:
    width, height = expected
    assert ResizeToMultiple(4)(Image.new("RGB", size)).shape == (3, height, width)


@pytest.mark.parametrize(
    "transform", [Resize(16, height=8), ResizeToMultiple(8), ScaleWidth(16, 4), ScaleShortSide(8), ScaleShortSide(5)]
)
def test_an_image_that_fits_is_unchanged_and_no_random_number_is_used(transform: Transform) -> None:
    image = Image.linear_gradient("L").resize((16, 8)).convert("RGB")
    before = torch.get_rng_state()
    assert torch.equal(transform(image), image_to_tensor(image))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Resize(0), "size must be an integer above 0, not 0"),
        (lambda: Resize(4, height=0), "height must be an integer above 0, not 0"),
        (lambda: ResizeToMultiple(0), "multiple must be an integer above 0, not 0"),
        (lambda: ScaleWidth(4, 0), "crop_size must be an integer above 0, not 0"),
        (lambda: ScaleShortSide(-1), "load_size must be an integer above 0, not -1"),
    ],
)
def test_arguments_out_of_range_are_named(make: Callable[[], Transform], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
