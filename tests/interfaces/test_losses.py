import pytest
from torch import nn

from i2ikit.interfaces.losses import contract, require
from i2ikit.losses import CosineLoss, LSGANLoss, PatchNCELoss, R1Penalty
from i2ikit.registry import LOSSES


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (LSGANLoss, "adversarial"),
        (R1Penalty, "penalty"),
        (CosineLoss, "comparison"),
        (PatchNCELoss, "contrast"),
        (PatchNCELoss(), "contrast"),
        (nn.L1Loss(), "comparison"),
        (lambda gradient: gradient.sum(), "penalty"),
        (nn.Module, ""),
    ],
)
def test_the_contract_of_a_loss_is_what_it_is_called_with(loss, expected):
    assert contract(loss) == expected


@pytest.mark.parametrize("name", LOSSES.names())
def test_every_registered_loss_has_a_contract_and_its_docstring_names_it(name):
    loss = LOSSES.get(name)
    assert contract(loss)
    assert f"Contract: {contract(loss)}." in " ".join((loss.__doc__ or "").split())


def test_a_contrast_can_compare_two_tensors_but_a_penalty_cannot():
    loss = PatchNCELoss()
    assert require(loss, "comparison") is loss
    with pytest.raises(ValueError, match=r"a comparison .* such as L1Loss, not R1Penalty, which has .* 'penalty'"):
        require(R1Penalty(), "comparison")
