"""The pre-processing modes of CycleGAN and CUT, composed of parts, against the published steps in Pillow's words."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torchvision import transforms as tv

from i2ikit.errors import DataError
from i2ikit.transforms.base import Transform
from i2ikit.transforms.compose import Compose
from i2ikit.transforms.random_crop import RandomCrop
from i2ikit.transforms.random_mirror import RandomMirror
from i2ikit.transforms.random_trim import RandomTrim
from i2ikit.transforms.random_zoom import RandomZoom
from i2ikit.transforms.resize import Resize
from i2ikit.transforms.resize_to_multiple import ResizeToMultiple
from i2ikit.transforms.scale_short_side import ScaleShortSide
from i2ikit.transforms.scale_width import ScaleWidth

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
def test_each_mode_gives_the_published_numbers(mode: str, width: int, height: int) -> None:
    expected, found = MODES[mode]
    for seed in range(3):
        torch.manual_seed(seed)
        wanted = expected(noise(width, height))
        after = torch.rand(1)
        torch.manual_seed(seed)
        assert torch.equal(found(noise(width, height)), wanted)
        assert torch.rand(1) == after  # as many draws, so that what follows agrees too


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_can_be_remembered_up_to_its_first_draw(mode: str) -> None:
    transform, image = MODES[mode][1], noise(61, 97)
    remembered = transform.fixed(image)
    for seed in range(3):
        torch.manual_seed(seed)
        whole = transform(image)
        torch.manual_seed(seed)
        assert torch.equal(transform.drawn(remembered), whole)


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


def test_an_image_without_a_window_of_the_size_is_told_what_to_do() -> None:
    with pytest.raises(DataError, match=r"an image of 20 x 50 pixels has no window of crop_size=32; resize it before"):
        RandomCrop(32)(noise(20, 50))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Resize(0), "load_size must be a whole number above 0, not 0"),
        (lambda: Resize(4, height=0), "height must be a whole number above 0, not 0"),
        (lambda: ScaleWidth(4, 0), "crop_size must be a whole number above 0, not 0"),
        (lambda: ScaleShortSide(-1), "load_size must be a whole number above 0, not -1"),
        (lambda: RandomZoom(4, smallest_zoom=0), "smallest_zoom must be above 0 and at most 1, not 0"),
        (lambda: RandomTrim(0), "crop_size must be a whole number above 0, not 0"),
        (lambda: RandomCrop(0), "crop_size must be a whole number above 0, not 0"),
        (lambda: RandomMirror(flip=2), "flip must lie in 0..1, not 2"),
    ],
)
def test_arguments_out_of_range_are_named(make: Callable[[], Transform], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        make()
