"""Changes of images against loops, and matrices against what they mean."""

import math

import pytest
import torch

from i2ikit.ops.augment import (
    color_rotation,
    contrast_and_brightness,
    cut_out,
    gray_mix,
    recolored,
    rotation,
    scaling,
    shifted,
    translation,
    warped,
)


def test_a_shift_moves_each_image_by_its_own_pixels_and_fills_with_zero():
    x = torch.rand(3, 2, 5, 4)
    down, right = torch.tensor([0, 2, -5]), torch.tensor([0, -1, 1])
    expected = torch.zeros_like(x)
    for image in range(3):
        for row in range(5):
            for column in range(4):
                source = row - int(down[image]), column - int(right[image])
                if 0 <= source[0] < 5 and 0 <= source[1] < 4:
                    expected[image, :, row, column] = x[image, :, source[0], source[1]]
    assert torch.equal(shifted(x, down, right), expected)


def test_a_rectangle_is_cut_out_of_each_image():
    x = torch.ones(2, 1, 4, 6)
    found = cut_out(x, torch.tensor([1, -1]), torch.tensor([2, 4]), (2, 3))
    expected = torch.ones(2, 1, 4, 6)
    expected[0, :, 1:3, 2:5] = 0
    expected[1, :, :1, 4:] = 0
    assert torch.equal(found, expected)


def test_the_identity_changes_nothing_and_a_quarter_turn_turns_also_what_is_not_square():
    x = torch.rand(2, 3, 6, 6, dtype=torch.float64)
    one = torch.ones(2, dtype=torch.float64)
    torch.testing.assert_close(warped(x, scaling(one, one)), x)
    torch.testing.assert_close(warped(x, rotation(one * math.pi / 2)), x.rot90(1, (2, 3)))
    torch.testing.assert_close(warped(x[..., :4], scaling(-one, one)), x[..., :4].flip(-1))
    wide = torch.arange(24.0, dtype=torch.float64).view(1, 1, 4, 6)
    turned = warped(wide, rotation(one[:1] * math.pi / 2))
    torch.testing.assert_close(turned[..., 1:5], wide[..., 1:5].rot90(1, (2, 3)))


def test_a_translation_is_in_pixels():
    x = torch.rand(1, 1, 6, 8, dtype=torch.float64)
    moved = warped(x, translation(torch.tensor([2.0]).double(), torch.tensor([1.0]).double()))
    torch.testing.assert_close(moved[..., :5, :6], x[..., 1:, 2:])


def test_colors_turn_around_gray_and_saturation_leaves_it():
    gray, color = torch.full((2, 3, 2, 2), 0.3), torch.rand(2, 3, 2, 2)
    angle = torch.tensor([2 * math.pi / 3, 0.0])
    torch.testing.assert_close(recolored(gray, color_rotation(angle)), gray)
    turned = recolored(color, color_rotation(angle))
    torch.testing.assert_close(turned[0], color[0].roll(1, 0))
    torch.testing.assert_close(turned[1], color[1])
    faded = recolored(color, gray_mix(torch.ones(2), torch.zeros(2)))
    torch.testing.assert_close(faded, color.mean(1, keepdim=True).expand(2, 3, 2, 2))
    inverted = recolored(color, gray_mix(-torch.ones(2), torch.ones(2)))
    torch.testing.assert_close(inverted.mean(1), -color.mean(1))
    torch.testing.assert_close(inverted - inverted.mean(1, keepdim=True), color - color.mean(1, keepdim=True))


def test_contrast_and_brightness_are_a_factor_and_an_offset():
    x = torch.rand(2, 3, 2, 2)
    found = recolored(x, contrast_and_brightness(torch.tensor([2.0, 1.0]), torch.tensor([0.0, -0.5])))
    torch.testing.assert_close(found, torch.stack([x[0] * 2, x[1] - 0.5]))


@pytest.mark.parametrize(
    "change", [lambda x: shifted(x, *[torch.tensor([1])] * 2), lambda x: warped(x, rotation(torch.ones(1).double()))]
)
def test_gradient_flows(change):
    x = torch.rand(1, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(change, (x,))
