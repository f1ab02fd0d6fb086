import pytest
import torch
from torch import Tensor

from i2ikit.interfaces import Read
from i2ikit.losses.adversarial import LSGANLoss
from i2ikit.losses.pixel import L1Loss
from i2ikit.terms.adversarial import AdversarialTerm, DiscriminatorTerm

LOGITS = {"ab(a)": [torch.tensor([[0.5, 1.5]])], "b": [torch.tensor([[2.0, 0.0]])]}
SCALES = {"ab(a)": [torch.tensor([[0.0]]), torch.tensor([[3.0]])], "b": [torch.tensor([[1.0]]), torch.tensor([[1.0]])]}


class Judge:
    """A step that only has logits."""

    def __init__(self, logits: dict[str, list[Tensor]]) -> None:
        self.given = logits

    def logits(self, discriminator: str, image: str, *, grad: bool = True) -> list[Tensor]:
        assert discriminator == "b"
        return self.given[image]


def test_the_generators_side_is_the_loss_of_looking_real():
    assert AdversarialTerm("b", "ab(a)", LSGANLoss())(Judge(LOGITS)).item() == pytest.approx(0.25)


def test_the_discriminators_side_is_half_of_each_loss():
    term = DiscriminatorTerm("b", "b", "ab(a)", LSGANLoss())
    assert term(Judge(LOGITS)).item() == pytest.approx(0.5 * (0.25 + 2.25) / 2 + 0.5 * 1.0)


def test_scales_count_alike():
    assert AdversarialTerm("b", "ab(a)", LSGANLoss())(Judge(SCALES)).item() == pytest.approx((1 + 4) / 2)
    assert DiscriminatorTerm("b", "b", "ab(a)", LSGANLoss())(Judge(SCALES)).item() == pytest.approx(0.5 * (0 + 9) / 2)


def test_gradient_reaches_real_and_fake_logits():
    logits = {name: [x[0].clone().requires_grad_(True)] for name, x in LOGITS.items()}
    DiscriminatorTerm("b", "b", "ab(a)", LSGANLoss())(Judge(logits)).backward()
    assert logits["ab(a)"][0].grad.tolist() == [[0.25, 0.75]]
    assert logits["b"][0].grad.tolist() == [[0.5, -0.5]]


def test_they_list_what_they_read():
    assert AdversarialTerm("b", "ab(a)", LSGANLoss()).reads() == [Read.logits_of("b", "ab(a)")]
    reads = DiscriminatorTerm("b", "b", "ab(a)", LSGANLoss()).reads()
    assert set(reads) == {Read.logits_of("b", "ab(a)"), Read.logits_of("b", "b")}


def test_a_loss_of_another_kind_is_refused():
    for make in (lambda: AdversarialTerm("b", "x", L1Loss()), lambda: DiscriminatorTerm("b", "b", "x", L1Loss())):
        with pytest.raises(ValueError, match="loss must be an adversarial loss, such as LSGANLoss, not L1Loss"):
            make()
