import pytest
import torch

from i2ikit.interfaces.progress import Progress
from i2ikit.views import DiffAugment

PROGRESS = Progress(1, 1, 1, 1)


def test_each_image_has_changes_of_its_own_that_depend_on_seed_expression_and_position():
    view, x = DiffAugment(), torch.rand(1, 3, 16, 16).expand(4, 3, 16, 16)
    sample = view.sample(torch.Generator().manual_seed(0), PROGRESS)
    whole = view(x, sample=sample, expression="b")
    assert torch.equal(view(x[2:], sample=sample, expression="b", first=2), whole[2:])
    assert len({tuple(image.flatten().tolist()) for image in whole}) == 4
    assert not torch.equal(view(x, sample=sample, expression="ab(a)"), whole)


def test_colors_keep_the_gray_of_gray_images_in_their_range():
    x = torch.full((50, 3, 4, 4), 0.25)
    found = DiffAugment(["color"])(x, sample=1, expression="b")
    assert torch.allclose(found, found[:, :1, :1, :1].expand_as(found), atol=1e-6)
    offsets = found[:, 0, 0, 0] - 0.25
    assert -0.5 <= offsets.min() < -0.4
    assert 0.4 < offsets.max() <= 0.5


def test_a_translation_is_at_most_an_eighth_in_both_directions():
    x = torch.zeros(200, 1, 16, 24)
    x[:, :, 8, 12] = 1
    places = DiffAugment(["translation"])(x, sample=1, expression="b").nonzero()
    assert len(places) == 200
    assert {int(row) - 8 for row in places[:, 2]} == {-2, -1, 0, 1, 2}
    assert {int(column) - 12 for column in places[:, 3]} == {-3, -2, -1, 0, 1, 2, 3}


def test_a_cutout_is_half_as_high_and_wide_and_may_reach_beyond_the_image():
    found = DiffAugment(["cutout"])(torch.ones(300, 1, 8, 8), sample=1, expression="b")
    cut = (found == 0).flatten(1).sum(1)
    assert cut.max() == 16
    assert cut.min() == 4  # a corner
    assert set(found.unique().tolist()) == {0.0, 1.0}


def test_gradient_reaches_the_image():
    x = torch.rand(2, 3, 8, 8, requires_grad=True)
    DiffAugment()(x, sample=3, expression="ab(a)").sum().backward()
    assert (x.grad != 0).any(dim=(1, 2, 3)).all()


@pytest.mark.parametrize(
    ("policy", "message"), [("color", "must be a list of at least one of"), ([], "at least one"), (["colr"], "'color'")]
)
def test_wrong_policies_are_errors(policy, message):
    with pytest.raises(ValueError, match=message):
        DiffAugment(policy)
