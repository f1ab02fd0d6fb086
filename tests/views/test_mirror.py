import pytest
import torch

from i2ikit.translation import Progress, RandomStreams
from i2ikit.views.mirror import Mirror


def draws(view: Mirror, count: int) -> list[bool | None]:
    return [
        view.sample(RandomStreams(0, step).generator("view/mirror"), Progress(1, 1, 1, 1))
        for step in range(1, count + 1)
    ]


def test_the_columns_are_reversed():
    image = torch.arange(6.0).reshape(1, 1, 2, 3)
    assert Mirror()(image, sample=True, expression="a").flatten().tolist() == [2, 1, 0, 5, 4, 3]


def test_inverting_undoes_it_on_maps_of_any_size():
    feature, view = torch.randn(2, 5, 3, 4), Mirror()
    assert torch.equal(view.invert(view(feature, sample=True, expression="a"), True), feature)


def test_a_share_of_the_steps_is_mirrored():
    assert set(draws(Mirror(1.0), 50)) == {True}
    assert set(draws(Mirror(0.0), 50)) == {None}
    mirrored = draws(Mirror(0.3), 1000).count(True)
    assert 228 < mirrored < 372  # 5 standard deviations of a binomial with n 1000 and p 0.3


def test_the_gradient_is_mirrored_back():
    image = torch.zeros(1, 1, 1, 3, requires_grad=True)
    (Mirror()(image, sample=True, expression="a") * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert image.grad.flatten().tolist() == [3, 2, 1]


def test_a_probability_outside_its_range_is_named():
    with pytest.raises(ValueError, match=r"probability must be in 0\.\.1, not 2"):
        Mirror(2)
