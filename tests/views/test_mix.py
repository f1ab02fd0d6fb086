import pytest
import torch

from i2ikit.translation import Progress, RandomStreams
from i2ikit.views.mix import Mix

ONES, ZEROS = torch.ones(4, 1, 2, 2), torch.zeros(4, 1, 2, 2)


def draw(step: int = 1) -> int:
    return Mix().sample(RandomStreams(0, step).generator("view/mix"), Progress(1, 1, 1, 1))


def test_every_image_is_a_point_between_its_two_with_one_share_for_all_pixels():
    mixed = Mix()(ONES, ZEROS, sample=draw(), expression="b, ab(a)")  # the share itself
    assert torch.equal(mixed, mixed[:, :, :1, :1].expand_as(mixed))
    assert len(set(mixed[:, 0, 0, 0].tolist())) == 4
    assert 0 <= mixed.min() <= mixed.max() <= 1
    torch.testing.assert_close(Mix()(3 * ONES, -ONES, sample=draw(), expression="b, ab(a)"), 4 * mixed - 1)


def test_making_it_again_gives_the_same_and_another_expression_another_share():
    seed = draw()
    first = Mix()(ONES, ZEROS, sample=seed, expression="b, ab(a)")
    other = Mix()(ONES, ZEROS, sample=seed, expression="a, ba(b)")
    again = Mix()(ONES, ZEROS, sample=seed, expression="b, ab(a)")
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_steps_have_shares_of_their_own():
    assert draw(1) != draw(2)


def test_gradient_goes_to_both_images_by_their_shares():
    one, other = ONES.clone().requires_grad_(True), ZEROS.clone().requires_grad_(True)
    Mix()(one, other, sample=draw(), expression="b, ab(a)").sum().backward()
    torch.testing.assert_close(one.grad + other.grad, torch.ones_like(one))


def test_it_needs_two_images():
    with pytest.raises(ValueError, match="not enough values to unpack"):
        Mix()(ONES, sample=draw(), expression="b")
