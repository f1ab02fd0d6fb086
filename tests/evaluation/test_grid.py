import pytest
import torch

from i2ikit.build import Builder
from i2ikit.evaluation.grid import compose, grid_columns, to_pil
from i2ikit.translation import UnpairedTranslation, build_model


def model(config: dict) -> UnpairedTranslation:
    builder = Builder()
    built = build_model(config["model"], builder)
    assert built is not None, builder.errors
    return built


def flat(*color: float) -> torch.Tensor:
    return torch.tensor(color)[:, None, None].expand(-1, 2, 3)


def test_columns_go_from_each_domain_to_what_the_terms_make_of_it(cyclegan):
    assert grid_columns(model(cyclegan)) == ["a", "ab(a)", "ba(ab(a))", "b", "ba(b)", "ab(b)", "ab(ba(b))"]


def test_views_are_left_out_of_the_columns(cut):
    assert grid_columns(model(cut)) == ["a", "ab(a)"]


def test_the_identity_of_b_is_shown_beside_b(cut):
    terms = cut["model"]["phases"]["generate"]["terms"]
    terms["identity"] = {"type": "PixelTerm", "image": "ab(b)", "target": "b", "loss": {"type": "L1Loss"}}
    assert grid_columns(model(cut)) == ["a", "ab(a)", "b", "ab(b)"]


def test_a_moving_average_has_no_columns_of_its_own(cut):
    cut["model"]["averages"] = {"slow": {"of": "generators.ab"}}
    assert grid_columns(model(cut)) == ["a", "ab(a)"]


def test_minus_one_is_black_and_one_is_full_and_the_rest_is_clipped():
    assert to_pil(flat(-1.0, 0.0, 1.0)).getpixel((0, 0)) == (0, 128, 255)
    assert to_pil(flat(-9.0, 9.0, 1.0)).getpixel((2, 1)) == (0, 255, 255)


def test_an_image_of_one_channel_is_gray():
    assert to_pil(flat(1.0)).getpixel((0, 0)) == (255, 255, 255)


def test_of_many_channels_the_first_three_are_shown_and_of_two_the_first():
    assert to_pil(flat(1.0, -1.0, 0.0, 1.0, 1.0)).getpixel((0, 0)) == (255, 0, 128)
    assert to_pil(flat(1.0, -1.0)).getpixel((0, 0)) == (255, 255, 255)


def test_cells_stand_in_rows_and_columns_without_gaps():
    red, green, blue = flat(1.0, -1.0, -1.0), flat(-1.0, 1.0, -1.0), flat(-1.0, -1.0, 1.0)
    image, size = compose([[red, green], [blue, red]])
    assert size == (3, 2)
    assert image.size == (6, 4)
    assert image.getpixel((3, 0)) == (0, 255, 0)
    assert image.getpixel((2, 2)) == (0, 0, 255)
    assert image.getpixel((5, 3)) == (255, 0, 0)


def test_an_image_of_another_size_is_scaled_to_the_cell():
    large = torch.ones(3, 20, 20)
    image, size = compose([[flat(-1.0, -1.0, -1.0), large]])
    assert size == (3, 2)
    assert image.getpixel((3, 0)) == pytest.approx((255, 255, 255))
