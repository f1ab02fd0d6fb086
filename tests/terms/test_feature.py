from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from i2ikit.interfaces import Read
from i2ikit.losses.adversarial import LSGANLoss
from i2ikit.losses.pixel import L1Loss
from i2ikit.terms.feature import FeatureTerm


class Features:
    """A step that only has features: one map of each tap, filled with the value of the image times the tap's."""

    def taps(self, network: str, image: str, names: Sequence[str], *, grad: bool = True) -> dict[str, Tensor]:
        return {name: torch.full((1, 2, 2, 2), float(image) * float(name), dtype=torch.float16) for name in names}


def test_it_is_the_mean_over_taps_of_the_distances_or_their_weighted_sum():
    taps = ["1", "3"]  # distances 2 and 6
    assert FeatureTerm("extractors.vgg", "3", "1", taps, L1Loss())(Features()).item() == pytest.approx(4)
    weighted = FeatureTerm("extractors.vgg", "3", "1", taps, L1Loss(), weights=[1, 0.5])
    assert weighted(Features()).item() == pytest.approx(5)


def test_half_precision_is_compared_in_float32():
    assert FeatureTerm("extractors.vgg", "3", "1", ["1"], L1Loss())(Features()).dtype == torch.float32


def test_a_name_without_a_kind_is_a_generator_and_the_target_has_no_gradient():
    term = FeatureTerm("ab", "ab(a)", "a", ["enc"], L1Loss())
    read = Read("ab(a)", "generators.ab", ("enc",))
    assert term.reads() == [read, Read("a", "generators.ab", ("enc",), grad=False)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"taps": []}, "taps must be a list of at least one name"),
        ({"taps": "enc"}, "taps must be a list of at least one name, not 'enc'"),
        ({"weights": [1.0, 2.0]}, "weights must be one for each of the 1 taps, not 2"),
        ({"loss": LSGANLoss()}, "loss must be a comparison of two tensors"),
    ],
)
def test_wrong_arguments_are_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        FeatureTerm("ab", "ab(a)", "a", **{"taps": ["enc"], "loss": L1Loss(), **arguments})
