import colorsys

import pytest
import torch

from i2ikit.ops.image_tensors import pad_to_multiple, padded_length, turn_hue

IMAGE = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_a_row_is_continued_by_its_mirror_image_without_repeating_the_edge():
    row = torch.tensor([[[[1.0, 2.0, 3.0, 4.0, 5.0]]]]).expand(1, 1, 4, 5)
    assert pad_to_multiple(row, 4)[0, 0, 0].tolist() == [1, 2, 3, 4, 5, 4, 3, 2]


def test_a_pad_longer_than_the_image_repeats_the_last_line():
    x = torch.tensor([[[[1.0], [2.0]]]])  # 2 high, 1 wide
    padded = pad_to_multiple(x, 4)
    assert padded.shape == (1, 1, 4, 4)
    assert padded[0, 0].tolist() == [[1.0] * 4] + [[2.0] * 4] * 3


def test_each_axis_is_padded_in_its_own_way():
    x = torch.arange(5.0).view(1, 1, 5, 1)
    padded = pad_to_multiple(x, 4)  # 5 high: reflected; 1 wide: repeated
    assert padded[0, 0, :, 3].tolist() == [0, 1, 2, 3, 4, 3, 2, 1]


def test_a_fitting_image_is_returned_as_it_is():
    x = torch.rand(2, 3, 8, 12)
    assert pad_to_multiple(x, 4) is x


@pytest.mark.parametrize("height", [1, 7, 8, 9, 31, 33])
def test_cutting_off_the_pad_gives_the_image_back(height: int):
    x = torch.rand(1, 3, height, 40 - height)
    padded = pad_to_multiple(x, 8, smallest=32)
    assert all(side % 8 == 0 and side >= 32 for side in padded.shape[-2:])
    assert torch.equal(padded[..., :height, : 40 - height], x)


@pytest.mark.parametrize(
    ("length", "multiple", "smallest", "expected"), [(1, 1, 1, 1), (9, 4, 1, 12), (8, 4, 32, 32), (5, 12, 32, 36)]
)
def test_padded_length_by_hand(length: int, multiple: int, smallest: int, expected: int):
    assert padded_length(length, multiple, smallest) == expected


def test_a_multiple_of_zero_is_refused():
    with pytest.raises(ValueError, match="at least 1, not 0 and 1"):
        pad_to_multiple(torch.zeros(1, 1, 2, 2), 0)


@pytest.mark.parametrize("turn", [-0.5, -0.1, 0.0, 0.25, 0.5])
def test_every_pixel_is_turned_on_the_circle_of_hues(turn):
    turned = turn_hue(IMAGE, turn)
    for before, after in zip(IMAGE.movedim(1, -1).reshape(-1, 3), turned.movedim(1, -1).reshape(-1, 3), strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*before.tolist())
        assert after.tolist() == pytest.approx(colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value))


def test_a_third_of_a_turn_makes_red_green_and_leaves_gray():
    image = torch.tensor([[1.0, 0.5], [0.0, 0.5], [0.0, 0.5]]).reshape(1, 3, 1, 2)
    expected = torch.tensor([[0.0, 0.5], [1.0, 0.5], [0.0, 0.5]]).reshape(1, 3, 1, 2)
    torch.testing.assert_close(turn_hue(image, 1 / 3), expected)


def test_the_gradient_is_right():
    assert torch.autograd.gradcheck(lambda x: turn_hue(x, 0.1), IMAGE[:1].clone().requires_grad_(True))


def test_the_gradient_at_gray_is_finite():
    image = torch.full((1, 3, 1, 1), 0.5, requires_grad=True)
    turn_hue(image, 0.2).sum().backward()
    assert image.grad.isfinite().all()


def test_other_than_three_channels_are_refused():
    with pytest.raises(ValueError, match="unpack"):
        turn_hue(torch.zeros(1, 4, 2, 2), 0.1)
