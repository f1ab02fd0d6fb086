import pytest
import torch

from i2ikit.translation import Progress, RandomStreams
from i2ikit.views.latent import Latent

IMAGES = torch.zeros(2000, 1, 1, 1, dtype=torch.float64)


def seed(step: int = 1) -> int:
    return Latent(4).sample(RandomStreams(0, step).generator("view/z"), Progress(1, 1, 1, 1))


def test_the_values_are_standard_normal_in_the_type_of_the_images():
    z = Latent(4)(IMAGES, sample=seed(), expression="")
    assert (z.shape, z.dtype) == ((2000, 4), torch.float64)
    assert z.mean(0).abs().max() < 4 / 2000**0.5
    assert (z.std(0) - 1).abs().max() < 4 / (2 * 2000) ** 0.5


def test_an_image_has_its_value_wherever_the_step_is_split():
    whole = Latent(4)(IMAGES[:5], sample=seed(), expression="1")
    parts = [Latent(4)(IMAGES[:n], sample=seed(), expression="1", first=first) for n, first in ((2, 0), (3, 2))]
    assert torch.equal(whole, torch.cat(parts))


def test_other_numbers_and_other_steps_have_other_values():
    one, two = (Latent(4)(IMAGES[:1], sample=seed(), expression=text) for text in ("1", "2"))
    assert not torch.equal(one, two)
    assert not torch.equal(one, Latent(4)(IMAGES[:1], sample=seed(2), expression="1"))


def test_a_width_below_one_is_refused():
    with pytest.raises(ValueError, match="size must be an integer above 0, not 0"):
        Latent(0)
