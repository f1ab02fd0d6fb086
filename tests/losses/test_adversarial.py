"""The adversarial losses share one interface, so they share one table of values."""

import math

import pytest
import torch
from torch import Tensor

from i2ikit.losses.adversarial import (
    ClippedHingeLoss,
    HingeLoss,
    LSGANLoss,
    NonSaturatingLoss,
    VanillaGANLoss,
    WGANLoss,
)

ALL = [LSGANLoss, VanillaGANLoss, NonSaturatingLoss, HingeLoss, ClippedHingeLoss, WGANLoss]


def logits(*values: float, device: torch.device | None = None) -> Tensor:
    return torch.tensor(values, device=device).reshape(1, 1, 2, -1)


@pytest.mark.parametrize(
    ("loss", "real", "fake", "generator"),
    [
        (LSGANLoss(), 3.125, 2.125, 3.125),
        (HingeLoss(), 1.25, 1.25, 0.0),
        (ClippedHingeLoss(), 1.25, 1.25, 1.25),
        (NonSaturatingLoss(), 0.925502, 0.925502, 0.925502),
        (VanillaGANLoss(), 0.925502, 0.925502, 0.925502),
        (WGANLoss(), 0.0, 0.0, 0.0),
    ],
)
def test_the_values_of_the_published_code(loss, real, fake, generator, device):
    p = logits(-2.0, -0.5, 0.5, 2.0, device=device)
    assert loss.real(p).item() == pytest.approx(real, abs=1e-6)
    assert loss.fake(p).item() == pytest.approx(fake, abs=1e-6)
    assert loss.generator(p).item() == pytest.approx(generator, abs=1e-6)


def test_wgan_is_the_signed_mean():
    p = logits(1.0, 2.0, 3.0, 6.0)
    loss = WGANLoss()
    assert [loss.real(p).item(), loss.fake(p).item(), loss.generator(p).item()] == [-3.0, 3.0, -3.0]


@pytest.mark.parametrize("loss", [VanillaGANLoss(), NonSaturatingLoss()])
def test_logits_of_zero_cost_log_two(loss):
    p = logits(0.0, 0.0)
    assert loss.real(p).item() == loss.fake(p).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("loss", "real", "fake"),
    [
        (LSGANLoss(), lambda p: (p - 1) ** 2, lambda p: p**2),
        (HingeLoss(), lambda p: max(0.0, 1 - p), lambda p: max(0.0, 1 + p)),
        (
            VanillaGANLoss(),
            lambda p: -math.log(1 / (1 + math.exp(-p))),
            lambda p: -math.log(1 - 1 / (1 + math.exp(-p))),
        ),
        (NonSaturatingLoss(), lambda p: math.log(1 + math.exp(-p)), lambda p: math.log(1 + math.exp(p))),
        (WGANLoss(), lambda p: -p, lambda p: p),
    ],
)
def test_the_mean_of_the_formula_over_all_logits(loss, real, fake, device):
    p = torch.randn(3, 1, 4, 5, generator=torch.Generator().manual_seed(0)).to(device)
    values = p.flatten().tolist()
    assert loss.real(p).item() == pytest.approx(sum(map(real, values)) / 60, abs=1e-6)
    assert loss.fake(p).item() == pytest.approx(sum(map(fake, values)) / 60, abs=1e-6)


@pytest.mark.parametrize("loss", ALL)
def test_real_pulls_logits_up_and_fake_pushes_them_down(loss, device):
    p = logits(0.4, 0.6, device=device).requires_grad_(
        True
    )  # between the targets of least squares, inside the margins of the hinge
    (up,) = torch.autograd.grad(loss().real(p), p)
    (down,) = torch.autograd.grad(loss().fake(p), p)
    assert (up < 0).all()
    assert (down > 0).all()


@pytest.mark.parametrize("loss", ALL)
def test_the_generator_pulls_logits_up(loss, device):
    p = logits(-0.4, 0.6, device=device).requires_grad_(True)
    (gradient,) = torch.autograd.grad(loss().generator(p), p)
    assert (gradient < 0).all()


def test_the_hinge_has_no_gradient_beyond_its_margin():
    p = logits(1.5, -1.5).requires_grad_(True)
    (real,) = torch.autograd.grad(HingeLoss().real(p), p)
    (fake,) = torch.autograd.grad(HingeLoss().fake(p), p)
    assert real.flatten().tolist() == [0.0, -0.5]
    assert fake.flatten().tolist() == [0.5, 0.0]


def test_only_the_clipped_hinge_leaves_a_convincing_generator_alone():
    p = logits(1.5, 0.5).requires_grad_(True)
    (plain,) = torch.autograd.grad(HingeLoss().generator(p), p)
    (clipped,) = torch.autograd.grad(ClippedHingeLoss().generator(p), p)
    assert plain.flatten().tolist() == [-0.5, -0.5]
    assert clipped.flatten().tolist() == [0.0, -0.5]


@pytest.mark.parametrize("loss", [VanillaGANLoss(), NonSaturatingLoss()])
def test_extreme_logits_stay_finite(loss, device):
    p = logits(-1e4, 1e4, device=device).requires_grad_(True)
    for value in (loss.real(p), loss.fake(p), loss.generator(p)):
        (gradient,) = torch.autograd.grad(value, p)
        assert value.isfinite()
        assert gradient.isfinite().all()


def test_non_saturating_needs_logits_by_image():
    with pytest.raises(IndexError, match="Dimension out of range"):
        NonSaturatingLoss().real(torch.zeros(3))
