import colorsys

import pytest
import torch

from i2ikit.translation import Progress, RandomStreams
from i2ikit.views.color_jitter import ColorJitter

IMAGE = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0)) * 1.6 - 0.8
NOTHING = [1.0, 1.0, 1.0, 0.0]


def draw(view: ColorJitter, step: int = 1) -> list[float]:
    return view.sample(RandomStreams(0, step).generator("view/jitter"), Progress(1, 1, 1, 1))


def test_factors_of_one_change_nothing():
    torch.testing.assert_close(ColorJitter()(IMAGE, sample=NOTHING, expression="a"), IMAGE, atol=1e-6, rtol=0)


def test_brightness_scales_pixels_counted_from_black():
    changed = ColorJitter()(IMAGE, sample=[0.5, 1.0, 1.0, 0.0], expression="a")
    torch.testing.assert_close(changed, (IMAGE + 1) * 0.5 - 1, atol=1e-6, rtol=0)


def test_without_saturation_all_channels_are_equal():
    changed = ColorJitter()(IMAGE, sample=[1.0, 1.0, 0.0, 0.0], expression="a")
    torch.testing.assert_close(changed, changed[:, :1].expand_as(changed), atol=1e-6, rtol=0)


def test_half_a_turn_of_hue_gives_the_opposite_color():
    changed = ColorJitter()(IMAGE, sample=[1.0, 1.0, 1.0, 0.5], expression="a")
    before, after = (x[0, :, 0, 0].mul(0.5).add(0.5).tolist() for x in (IMAGE, changed))
    hue, saturation, value = colorsys.rgb_to_hsv(*before)
    assert after == pytest.approx(colorsys.hsv_to_rgb((hue + 0.5) % 1, saturation, value), abs=1e-5)


def test_draws_stay_within_their_strengths():
    view = ColorJitter(0.1, 0.2, 0.3, 0.05)
    drawn = torch.tensor([draw(view, step) for step in range(1, 300)])
    low, high = torch.tensor([0.9, 0.8, 0.7, -0.05]), torch.tensor([1.1, 1.2, 1.3, 0.05])
    assert ((drawn >= low) & (drawn <= high)).all()
    assert ((drawn.amax(0) - drawn.amin(0)) > 0.9 * (high - low)).all()


def test_colors_have_no_place_so_features_stay_as_they_are():
    feature = torch.randn(1, 2, 3, 3)
    assert ColorJitter().invert(feature, NOTHING) is feature


def test_gradient_goes_through_it():
    image = IMAGE.clone().requires_grad_(True)
    ColorJitter()(image, sample=[0.9, 0.9, 0.9, 0.1], expression="a").sum().backward()
    assert image.grad.isfinite().all()
    assert image.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"hue": 0.6}, r"hue must be in 0\.\.0\.5, not 0\.6"), ({"contrast": 2}, r"contrast must be in 0\.\.1, not 2")],
)
def test_a_strength_outside_its_range_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        ColorJitter(**arguments)
