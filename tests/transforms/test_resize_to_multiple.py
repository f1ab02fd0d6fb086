import pytest
import torch
from PIL import Image

from i2ikit.ops.pixels import image_to_tensor
from i2ikit.transforms.resize_to_multiple import ResizeToMultiple


@pytest.mark.parametrize(("size", "expected"), [((101, 99), (100, 100)), ((1, 1), (4, 4)), ((7, 13), (8, 12))])
def test_height_and_width_become_the_nearest_multiples(size: tuple[int, int], expected: tuple[int, int]) -> None:
    width, height = expected
    assert ResizeToMultiple(4)(Image.new("RGB", size)).shape == (3, height, width)


def test_an_image_that_fits_is_left_alone() -> None:
    image = Image.linear_gradient("L").resize((16, 8)).convert("RGB")
    assert torch.equal(ResizeToMultiple(8)(image), image_to_tensor(image))


def test_draws_nothing() -> None:
    before = torch.get_rng_state()
    ResizeToMultiple()(Image.new("RGB", (21, 10)))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_multiple_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple must be a whole number above 0, not 0"):
        ResizeToMultiple(0)
