import pytest
import torch
from torch import Tensor, nn

from i2ikit.interfaces.inputs import ExtraInput
from i2ikit.translation.expressions import parse
from i2ikit.translation.rendering import FixedSamples, OutputNetwork
from i2ikit.views.base import UnfoldingView, View
from i2ikit.views.mirror import Mirror


class Shifted(nn.Module):
    """Halves or doubles the size, and adds an amount."""

    extra_inputs = (ExtraInput("by", "scalar", default=1.0),)
    multiple, smallest = 2, 4

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale, self.in_channels = scale, 3

    def forward(self, x: Tensor, by: Tensor | None = None) -> Tensor:
        amount = 1.0 if by is None else by[:, None, None, None]
        return nn.functional.interpolate(x, scale_factor=self.scale) + amount


class Amount(View):
    """A number per image, from its position."""

    arguments = 0

    def sample(self, generator, progress):
        return 0

    def forward(self, image, *others, sample, expression, first=0):
        return torch.arange(first, first + len(image)).to(image)


class Twice(UnfoldingView):
    at_test = True

    def sample(self, generator, progress):
        return 2

    def unfold(self, arguments, sample):
        return f"up(down({arguments[0]}), 0)"


def network(text: str, reads=("a",)) -> OutputNetwork:
    parts = {"down": Shifted(0.5), "up": Shifted(2.0)}
    views = {"z": Amount(), "mirror": Mirror(1.0), "twice": Twice()}
    return OutputNetwork(parse(text), list(reads), parts, views)


def test_a_composition_is_the_calls_of_its_generators_with_numbers_and_defaults():
    x = torch.zeros(2, 3, 8, 8)
    assert torch.equal(network("up(down(a), 0.5)")(x), torch.full_like(x, 1.5))
    assert torch.equal(network("up(down(a, by=0))")(x), torch.ones_like(x))


def test_views_that_are_not_kept_are_left_out_and_others_unfold():
    x = torch.rand(1, 3, 8, 8)
    assert torch.equal(network("up(mirror(a))")(x), network("up(a)")(x))
    assert torch.equal(network("up(twice(a))")(x), network("up(up(down(a), 0))")(x))


def test_sizes_are_in_pixels_of_the_image_that_the_network_takes():
    assert (network("up(down(a))").multiple, network("up(down(a))").smallest) == (4, 8)
    assert network("up(a)").in_channels == 3


def test_a_view_of_no_images_gives_each_image_the_value_of_its_place():
    x, found = torch.zeros(3, 3, 8, 8), network("down(a, z)")
    assert found(x).amax((1, 2, 3)).tolist() == [0, 0, 0]
    assert found.given(FixedSamples(places=[4, 0, 2]))(x).amax((1, 2, 3)).tolist() == [4, 0, 2]
    assert found.given(FixedSamples(places=5))(x).amax((1, 2, 3)).tolist() == [5, 6, 7]


def test_what_is_read_besides_the_image_is_given_for_all_images_or_for_each():
    found = network("up(b)", reads=("a", "b"))
    one = torch.ones(1, 3, 4, 4)
    assert found.given(FixedSamples(), {"b": one})(torch.zeros(2, 3, 8, 8)).shape == (2, 3, 8, 8)
    with pytest.raises(ValueError, match="reads 'b' besides 'a', which is not given"):
        found(torch.zeros(1, 3, 8, 8))
