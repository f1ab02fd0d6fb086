"""Differences of a file and its generator."""

import math

import pytest
import torch
from torch import nn

from i2ikit.errors import CheckpointError
from i2ikit.inference.export.comparison import SIZES, check_smallest, compare, trial_images
from i2ikit.inference.export.module import ExportedGenerator
from i2ikit.inference.network import TranslationNetwork


def test_the_largest_and_the_mean_difference_over_all_images_are_found():
    images = [torch.zeros(1, 3, 4, 4), torch.zeros(2, 3, 4, 4)]

    def run(x):
        y = x.clone()
        y[0, 0, 0, 0] = 0.5 if len(x) == 2 else -0.25
        return y

    found = compare(run, TranslationNetwork(nn.Identity()), images, uint8=False)
    assert found.largest == 0.5
    assert found.mean == pytest.approx(0.75 / (3 * 3 * 16))
    assert found.sizes == ("1 x 4 x 4", "2 x 4 x 4")
    assert found.psnr == pytest.approx(20 * math.log10(2 / found.mean))


def test_bytes_are_compared_in_levels():
    image = torch.full((1, 4, 4, 3), 100, dtype=torch.uint8)
    found = compare(lambda x: x + 3, TranslationNetwork(nn.Identity()), [image], uint8=True)
    assert (found.largest, found.mean, found.unit) == (3, 3, "levels of 255")


def test_equal_outputs_have_no_difference():
    module = ExportedGenerator(nn.Identity())
    found = compare(module, TranslationNetwork(nn.Identity()), trial_images(module, 3), uint8=False)
    assert (found.largest, found.mean, found.psnr) == (0, 0, math.inf)
    assert len(found.sizes) == len(SIZES)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda x: x[..., :-1], r"makes torch.float32 \(1, 3, 1, 0\) of an image \(1, 3, 1, 1\), instead of"),
        (lambda x: x.double(), "makes torch.float64"),
        (lambda x: x / 0, "not finite"),
    ],
)
def test_an_output_of_another_shape_or_type_or_without_finite_values_is_refused(wrong, message):
    with pytest.raises(CheckpointError, match=message):
        check_smallest(wrong, ExportedGenerator(nn.Identity()), 3)
