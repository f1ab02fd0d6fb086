import colorsys

import pytest
import torch

from i2ikit.ops.hue import turn_hue

IMAGE = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


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
