import pytest
import torch
from torch import Tensor, nn

from i2ikit.inference.failures import TooLargeError
from i2ikit.inference.tiling.reach import measure_reach


class Box(nn.Module):
    """A mean over a window, in the rows and in the columns."""

    def __init__(self, radius: int) -> None:
        super().__init__()
        self.blur = nn.AvgPool2d(2 * radius + 1, 1, radius)

    def forward(self, x: Tensor) -> Tensor:
        return self.blur(x)


class Pooled(nn.Module):
    """Adds the mean of the whole image, as attention or squeeze-and-excitation would."""

    def forward(self, x: Tensor) -> Tensor:
        return x + x.mean((2, 3), keepdim=True)


class Spot(nn.Module):
    """A narrow window, and a wide one in a single row."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow, self.wide = Box(1), Box(9)

    def forward(self, x: Tensor) -> Tensor:
        rows = torch.arange(x.shape[-2]) == 7
        return torch.where(rows[:, None], self.wide(x), self.narrow(x))


def reach(generator: nn.Module, multiple: int = 1) -> int:
    torch.manual_seed(0)
    crops = torch.rand(2, 3, 64, 64) * 0.5 + 0.5
    return measure_reach(generator, crops, generator(crops), multiple)


@pytest.mark.parametrize("radius", [1, 5, 9])
def test_reach_is_the_radius_of_a_window(radius):
    assert reach(Box(radius)) == radius


def test_reach_is_that_of_the_farthest_spot():
    assert reach(Spot()) == 9


def test_reach_is_a_multiple_of_what_the_generator_takes():
    assert reach(Box(5), 4) == 8
    assert reach(nn.Identity(), 4) == 4


def test_a_generator_that_pools_the_whole_image_is_refused():
    with pytest.raises(TooLargeError, match=r"24 pixels away from a change its output still differs by \d+ of 255"):
        reach(Pooled())
