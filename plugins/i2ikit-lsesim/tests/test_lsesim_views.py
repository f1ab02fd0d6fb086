import pytest
import torch
from i2ikit_lsesim.views import ImageColorJitter, Turn

from i2ikit.translation import Progress

PROGRESS = Progress(1, 1, 1, 1)


def images(count=3):
    return torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_an_image_that_is_turned_twice_is_the_image():
    view, x = Turn(), images()
    assert view.sample(torch.Generator(), PROGRESS) is not None
    turned = view(x, sample=True, expression="b")
    assert turned[0, 0, 0, 0] == x[0, 0, -1, -1]
    assert view.invert(turned, True).equal(x)


def test_each_image_and_each_expression_has_colors_of_its_own():
    view, x = ImageColorJitter(), images(1).expand(3, -1, -1, -1)
    sample = view.sample(torch.Generator().manual_seed(1), PROGRESS)
    of_a, of_b = (view(x, sample=sample, expression=name) for name in "ab")
    assert len({each.sum().item() for each in (*of_a, *of_b)}) == 6
    assert view(x, sample=sample, expression="a").equal(of_a)


def test_colors_depend_on_the_place_in_the_step_not_in_the_batch():
    view, x = ImageColorJitter(), images()
    whole = view(x, sample=7, expression="a")
    parts = [view(x[i : i + 1], sample=7, expression="a", first=i) for i in range(3)]
    torch.testing.assert_close(torch.cat(parts), whole)


def test_without_strength_nothing_changes_and_values_stay_in_range():
    x = images()
    torch.testing.assert_close(ImageColorJitter(0, 0, 0, 0)(x, sample=1, expression="a"), x, rtol=0, atol=1e-5)
    changed = ImageColorJitter(1, 1, 1, 0.5)(x, sample=1, expression="a")
    assert changed.abs().max() <= 1 + 1e-6


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"hue must be in 0\.\.0\.5, not 0\.6"):
        ImageColorJitter(hue=0.6)
