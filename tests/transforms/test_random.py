from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image

from i2ikit.errors import DataError
from i2ikit.transforms.base import Transform
from i2ikit.transforms.random import RandomCrop, RandomMirror, RandomTrim, RandomZoom


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def test_a_zoom_scales_width_and_height_by_factors_of_their_own() -> None:
    torch.manual_seed(0)
    sizes = {tuple(RandomZoom(32)(noise(100, 200)).shape[-2:]) for _ in range(200)}
    heights, widths = ([size[axis] for size in sizes] for axis in (0, 1))
    assert (min(widths), max(widths)) == (80, 100)
    assert (min(heights), max(heights)) == (160, 200)
    assert len({2 * width - height for height, width in sizes}) > 20  # not one factor for both


def test_a_zoom_never_goes_below_the_crop() -> None:
    torch.manual_seed(0)
    assert {tuple(RandomZoom(32)(noise(33, 20)).shape[-2:]) for _ in range(50)} == {(32, 32), (32, 33)}


def test_a_trim_cuts_what_is_too_long_and_nothing_else() -> None:
    image = Image.frombytes("L", (4, 1), bytes(range(0, 40, 10)))
    torch.manual_seed(0)
    starts = set()
    for _ in range(60):
        found = RandomTrim(2)(image)
        assert found.shape == (1, 1, 2)
        starts.add(round((found[0, 0, 0].item() + 1) * 127.5))
    assert starts == {0, 10, 20}


def test_an_image_smaller_than_the_crop_is_refused_with_the_next_step() -> None:
    with pytest.raises(DataError, match=r"an image of 20 x 50 pixels has no window of crop_size=32; resize it before"):
        RandomCrop(32)(noise(20, 50))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RandomZoom(4, smallest_zoom=0), "smallest_zoom must be above 0 and at most 1, not 0"),
        (lambda: RandomTrim(0), "crop_size must be an integer above 0, not 0"),
        (lambda: RandomCrop(0), "crop_size must be an integer above 0, not 0"),
        (lambda: RandomMirror(flip=2), "flip must be in 0..1, not 2"),
    ],
)
def test_arguments_out_of_range_are_named(make: Callable[[], Transform], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        make()
