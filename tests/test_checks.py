import math

import pytest
import torch

from i2ikit.checks import check_images, fraction, not_negative_int, one_of, positive, positive_int, same_shape, side
from i2ikit.errors import ShapeError


@pytest.mark.parametrize(
    ("check", "value"),
    [(positive, 0.07), (positive, 3), (positive_int, 1), (not_negative_int, 0), (fraction, 0), (fraction, 1.0)],
)
def test_a_good_value_comes_back_as_it_is(check, value):
    assert check("x", value) is value


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (positive, 0, "tau must be above 0, not 0"),
        (positive, -0.5, r"tau must be above 0, not -0\.5"),
        (positive, math.nan, "tau must be above 0, not nan"),
        (positive, "1", "tau must be above 0, not '1'"),
        (positive, None, "tau must be above 0, not None"),
        (positive, True, "tau must be above 0, not True"),
        (positive_int, 0, "tau must be an integer above 0, not 0"),
        (positive_int, 1.0, r"tau must be an integer above 0, not 1\.0"),
        (positive_int, True, "tau must be an integer above 0, not True"),
        (not_negative_int, -1, "tau must be an integer of at least 0, not -1"),
        (not_negative_int, False, "tau must be an integer of at least 0, not False"),
        (fraction, 1.01, r"tau must be in 0\.\.1, not 1\.01"),
        (fraction, -0.1, r"tau must be in 0\.\.1, not -0\.1"),
        (fraction, math.nan, r"tau must be in 0\.\.1, not nan"),
        (fraction, "0.5", r"tau must be in 0\.\.1, not '0\.5'"),
    ],
)
def test_a_wrong_value_is_named_with_its_argument(check, value, message):
    with pytest.raises(ValueError, match=message):
        check("tau", value)


def test_one_of_several_words():
    assert one_of("norm", "batch", ("batch", "layer")) == "batch"
    with pytest.raises(ValueError, match=r"norm must be one of batch, layer, not 'bacth'\. Nearest: 'batch'\."):
        one_of("norm", "bacth", ("batch", "layer"))


def test_tensors_of_one_shape_pass():
    same_shape("X", one=torch.zeros(2, 3), other=torch.zeros(2, 3))
    same_shape("X", one=torch.zeros(2, 3))


def test_tensors_of_several_shapes_are_listed():
    with pytest.raises(ShapeError, match=r"X needs tensors of one shape, got one \(2, 3\), other \(3, 2\)"):
        same_shape("X", one=torch.zeros(2, 3), other=torch.zeros(3, 2))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((3, 16, 16), r"Net needs images \(B, 3, H, W\), got \(3, 16, 16\)"),
        ((1, 4, 16, 16), r"Net needs images \(B, 3, H, W\), got \(1, 4, 16, 16\)"),
        ((1, 3, 4, 16), r"at least 8, got 4 x 16"),
        ((1, 3, 16, 18), r"multiples of 4, got 16 x 18"),
    ],
)
def test_wrong_images_are_named_with_what_is_needed(shape, message):
    with pytest.raises(ShapeError, match=message):
        check_images("Net", torch.empty(shape), 3, smallest=8, multiple=4)


def test_right_images_pass():
    check_images("Net", torch.empty(2, 3, 8, 12), 3, smallest=8, multiple=4)


def test_a_side_of_an_image_that_does_not_fit_into_memory_is_refused():
    assert side("load_size", 2**15) == 2**15
    with pytest.raises(ValueError, match=r"load_size must be an integer in 1\.\.32768, not 1000000000"):
        side("load_size", 10**9)


@pytest.mark.parametrize("value", [None, {}, ["a"], 3])
def test_a_choice_that_is_no_text_is_refused(value):
    with pytest.raises(ValueError, match="kind must be one of a, b, not"):
        one_of("kind", value, ["a", "b"])
