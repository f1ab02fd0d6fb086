import math

import pytest
import torch

from i2ikit.errors import ShapeError
from i2ikit.metrics.functional.image_quality import gray, high_pass_contrast, psnr, saturation


def left_half(height=4, width=8):
    mask = torch.zeros(1, 1, height, width)
    mask[..., : width // 2] = 1
    return mask


def test_an_error_of_a_tenth_everywhere_is_twenty_decibels():
    assert psnr(torch.full((2, 3, 4, 4), 0.6), torch.full((2, 3, 4, 4), 0.5)).tolist() == pytest.approx([20.0, 20.0])


def test_equal_images_have_infinite_psnr():
    assert psnr(torch.ones(1, 3, 4, 4), torch.ones(1, 3, 4, 4)).item() == math.inf


def test_psnr_sees_only_what_is_in_the_mask():
    target = torch.zeros(1, 3, 4, 8)
    image = target.clone()
    image[..., :4], image[..., 4:] = 0.1, 0.9
    assert psnr(image, target, left_half()).item() == pytest.approx(20.0)


def test_luma_of_pure_colors_is_that_of_bt601():
    colors = torch.eye(3).reshape(3, 3, 1, 1)
    assert gray(colors).flatten().tolist() == pytest.approx([0.299, 0.587, 0.114])


def test_a_flat_image_has_no_contrast():
    assert high_pass_contrast(torch.full((1, 3, 8, 8), 0.3), torch.ones(1, 1, 8, 8)).item() == pytest.approx(
        0, abs=1e-6
    )


def test_contrast_grows_in_proportion_to_the_image():
    image = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(1, 1, 8, 8)
    assert high_pass_contrast(image / 2, mask).item() == pytest.approx(high_pass_contrast(image, mask).item() / 2)


def test_contrast_is_the_deviation_from_the_box_mean_by_a_slow_loop():
    image = torch.rand(1, 1, 4, 8, generator=torch.Generator().manual_seed(0))
    detail = []
    for row in range(4):
        for column in range(4):  # the left half
            around = [
                image[0, 0, min(max(row + down, 0), 3), min(max(column + right, 0), 7)].item()
                for down in (-1, 0, 1)
                for right in (-1, 0, 1)
            ]
            detail.append(image[0, 0, row, column].item() - sum(around) / 9)
    mean = sum(detail) / 16
    expected = math.sqrt(sum((value - mean) ** 2 for value in detail) / 16)
    assert high_pass_contrast(image, left_half(), window=3).item() == pytest.approx(expected, abs=1e-6)


def test_saturation_is_one_for_red_and_zero_for_gray():
    image = torch.full((1, 3, 4, 8), 0.5)
    image[:, 0, :, :4], image[:, 1:, :, :4] = 1.0, 0.0
    assert saturation(image, left_half()).item() == 1.0
    assert saturation(image, 1 - left_half()).item() == 0.0


def test_an_empty_mask_gives_nan():
    assert math.isnan(saturation(torch.ones(1, 3, 4, 4), torch.zeros(1, 1, 4, 4)).item())


@pytest.mark.parametrize("measure", [saturation, high_pass_contrast])
def test_a_mask_of_another_size_is_refused(measure):
    with pytest.raises(ShapeError, match=rf"{measure.__name__} needs a mask \(B, 1, H, W\)"):
        measure(torch.ones(1, 3, 4, 4), torch.ones(1, 1, 4, 5))


def test_images_of_two_shapes_are_refused():
    with pytest.raises(ShapeError, match="psnr needs tensors of one shape"):
        psnr(torch.ones(1, 3, 4, 4), torch.ones(1, 3, 4, 5))


def test_luma_of_two_channels_is_refused():
    with pytest.raises(ShapeError, match=r"not \(1, 2, 4, 4\)"):
        gray(torch.ones(1, 2, 4, 4))


@pytest.mark.parametrize("window", [1, 4])
def test_a_box_without_a_center_or_without_neighbors_is_refused(window):
    with pytest.raises(ValueError, match=f"window must be odd and at least 3, not {window}"):
        high_pass_contrast(torch.ones(1, 3, 8, 8), torch.ones(1, 1, 8, 8), window=window)
