import pytest
import torch

from i2ikit.losses.gradient_penalties import R1Penalty, WGANPenalty


def test_r1_is_half_the_squared_length_of_each_images_gradient():
    gradient = torch.stack([torch.ones(3, 2, 2), torch.zeros(3, 2, 2)])
    assert R1Penalty()(gradient).item() == pytest.approx((0.5 * 12 + 0) / 2)


def test_the_wgan_penalty_is_the_squared_distance_of_the_length_to_one():
    gradient = torch.zeros(2, 1, 2, 2)
    gradient[0, 0, 0] = torch.tensor([3.0, 4.0])  # length 5
    gradient[1, 0, 0, 0] = 1.0  # length 1
    assert WGANPenalty()(gradient).item() == pytest.approx((4**2 + 0) / 2)


def test_penalties_equal_a_loop_over_images(device):
    gradient = torch.randn(3, 2, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    squared = [sum(x**2 for x in image.flatten().tolist()) for image in gradient]
    gradient = gradient.to(device)
    assert R1Penalty()(gradient).item() == pytest.approx(sum(0.5 * x for x in squared) / 3)
    assert WGANPenalty()(gradient).item() == pytest.approx(sum((x**0.5 - 1) ** 2 for x in squared) / 3)


@pytest.mark.parametrize("penalty", [R1Penalty(), WGANPenalty()])
def test_a_gradient_of_zero_has_a_finite_derivative(penalty, device):
    gradient = torch.zeros(1, 1, 2, 2, requires_grad=True, device=device)
    penalty(gradient).backward()
    assert gradient.grad is not None
    assert gradient.grad.isfinite().all()


def test_the_penalty_pulls_the_length_towards_one():
    long, short = torch.full((1, 1, 1, 1), 2.0, requires_grad=True), torch.full((1, 1, 1, 1), 0.5, requires_grad=True)
    WGANPenalty()(long).backward()
    WGANPenalty()(short).backward()
    assert long.grad.item() == pytest.approx(2.0)
    assert short.grad.item() == pytest.approx(-1.0)


@pytest.mark.parametrize("penalty", [R1Penalty(), WGANPenalty()])
def test_a_gradient_without_images_is_refused(penalty):
    with pytest.raises(IndexError, match="Dimension out of range"):
        penalty(torch.tensor(1.0)[None])
