import pytest
import torch
from i2ikit_santa.terms import MeanSquareTerm, PathEnergyTerm, path_energy


def test_the_energy_is_the_squared_speed_and_short_pieces_count_as_a_tenth():
    far, near = torch.full((2, 1, 2, 2), 0.5), torch.zeros(2, 1, 2, 2)
    # speeds 0.5 / 0.2 and 0.5 / 0.1
    assert path_energy(far, near, torch.tensor([0.2, 0.03])).item() == pytest.approx((2.5**2 + 5**2) / 2)


def test_each_image_is_divided_by_its_own_length():
    far = torch.arange(2.0).view(2, 1, 1, 1).expand(2, 1, 2, 2)
    assert path_energy(far, torch.zeros_like(far), torch.tensor([1.0, 0.5])).item() == pytest.approx(4 / 2)


def test_terms_without_images_or_taps_are_refused():
    with pytest.raises(ValueError, match="images must be a list of at least one expression"):
        MeanSquareTerm("enc(a)")
    with pytest.raises(ValueError, match="taps must be a list of at least one name"):
        PathEnergyTerm("dec", "enc(a)", "far", "near", [])


def test_the_mean_square_is_that_of_all_images_together():
    class Step:
        def image(self, expression, *, grad=True):
            return torch.full((1, 2, 1, 1), {"x": 1.0, "y": 3.0}[expression])

    assert MeanSquareTerm(["x", "y"])(Step()).item() == pytest.approx(5)
