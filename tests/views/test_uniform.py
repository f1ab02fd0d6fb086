import pytest
import torch

from i2ikit.translation import Progress, RandomStreams
from i2ikit.views.uniform import Uniform

IMAGES = torch.zeros(1000, 1, 1, 1)


def test_the_numbers_fill_the_interval_evenly_and_are_those_of_their_image():
    view = Uniform(-1, 3)
    seed = view.sample(RandomStreams(0, 1).generator("view/t"), Progress(1, 1, 1, 1))
    numbers = view(IMAGES, sample=seed, expression="")
    assert numbers.shape == (1000,)
    counts = torch.histc(numbers, bins=4, min=-1, max=3)
    assert counts.sum() == 1000
    assert (counts - 250).abs().max() < 4 * (1000 * 0.25 * 0.75) ** 0.5
    assert torch.equal(numbers[5:7], view(IMAGES[:2], sample=seed, expression="", first=5))


def test_an_empty_interval_is_refused():
    with pytest.raises(ValueError, match="low must be at most high, not 1 and 0"):
        Uniform(1, 0)
