import pytest
import torch
from torch import Tensor

from i2ikit.interfaces import Read
from i2ikit.losses.gradient_penalties import R1Penalty
from i2ikit.terms.gradient_penalty import GradientPenaltyTerm


class Quadratic:
    """A discriminator with logits ``w * x ** 2`` at every pixel, and once more at a second scale."""

    def __init__(self, scales: int = 1) -> None:
        self.w, self.scales = torch.tensor(3.0, requires_grad=True), scales

    def leaf(self, discriminator: str, image: str) -> tuple[Tensor, list[Tensor]]:
        assert (discriminator, image) == ("b", "b")
        x = torch.tensor([1.0, -2.0]).reshape(2, 1, 1, 1).requires_grad_(True)
        return x, [self.w * x**2 for _ in range(self.scales)]


def test_the_gradient_is_that_of_the_sum_of_all_logits():
    # d/dx of 3 x^2 is 6 x: half of the mean over images of (6^2, 12^2)
    assert GradientPenaltyTerm("b", "b", R1Penalty())(Quadratic()).item() == pytest.approx(0.5 * (36 + 144) / 2)
    assert GradientPenaltyTerm("b", "b", R1Penalty())(Quadratic(2)).item() == pytest.approx(0.5 * 4 * (36 + 144) / 2)


def test_its_own_gradient_reaches_the_discriminator():
    step = Quadratic()
    GradientPenaltyTerm("b", "b", R1Penalty())(step).backward()
    assert step.w.grad.item() == pytest.approx(2 * 45 / 3)  # the penalty goes with w squared: 45 at w 3


def test_it_lists_a_leaf():
    assert GradientPenaltyTerm("b", "mix(b, ab(a))", R1Penalty()).reads() == [
        Read.logits_of("b", "mix(b, ab(a))", leaf=True)
    ]


def test_a_step_without_leaves_is_refused():
    class Blind(Quadratic):
        def leaf(self, discriminator: str, image: str) -> tuple[Tensor, list[Tensor]]:
            x, logits = super().leaf(discriminator, image)
            return x, [x.detach() for x in logits]

    with pytest.raises(RuntimeError, match="does not require grad"):
        GradientPenaltyTerm("b", "b", R1Penalty())(Blind())
