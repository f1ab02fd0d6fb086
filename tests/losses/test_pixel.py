import pytest
import torch

from i2ikit.errors import ShapeError
from i2ikit.losses.pixel import L1Loss, SmoothL1Loss

IMAGE, TARGET = torch.tensor([1.0, -1.0, 0.5, 0.0]).reshape(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)


def test_l1_is_the_mean_absolute_difference():
    assert L1Loss()(IMAGE, TARGET).item() == pytest.approx((1 + 1 + 0.5 + 0) / 4)


def test_smooth_l1_is_squared_below_beta_and_linear_above():
    assert SmoothL1Loss()(IMAGE, TARGET).item() == pytest.approx((0.5 + 0.5 + 0.125 + 0) / 4)
    assert SmoothL1Loss(beta=0.5)(IMAGE, TARGET).item() == pytest.approx((0.75 + 0.75 + 0.25 + 0) / 4)


def test_both_equal_a_loop_over_pixels(device):
    torch.manual_seed(0)
    image, target = torch.randn(2, 3, 4, 4, dtype=torch.float64), torch.randn(2, 3, 4, 4, dtype=torch.float64)
    pairs = list(zip(image.flatten().tolist(), target.flatten().tolist(), strict=True))
    image, target = image.to(device), target.to(device)
    assert L1Loss()(image, target).item() == pytest.approx(sum(abs(x - y) for x, y in pairs) / 96)
    smooth = [0.5 * d * d / 0.7 if d < 0.7 else d - 0.35 for d in (abs(x - y) for x, y in pairs)]
    assert SmoothL1Loss(0.7)(image, target).item() == pytest.approx(sum(smooth) / 96)


@pytest.mark.parametrize("loss", [L1Loss(), SmoothL1Loss(beta=0.25)])
def test_gradient_is_the_sign_of_the_difference_over_the_number_of_pixels(loss, device):
    image, target = (x.to(device, copy=True).requires_grad_(True) for x in (IMAGE, TARGET))
    loss(image, target).backward()
    assert image.grad.flatten().tolist() == [0.25, -0.25, 0.25, 0.0]
    assert torch.equal(target.grad, -image.grad)


@pytest.mark.parametrize("loss", [L1Loss, SmoothL1Loss])
def test_images_of_two_sizes_are_refused_instead_of_broadcast(loss):
    with pytest.raises(
        ShapeError, match=rf"{loss.__name__} needs tensors of one shape, got image \(1, 1, 2, 2\), target"
    ):
        loss()(IMAGE, torch.zeros(1, 1, 1, 1))


@pytest.mark.parametrize("beta", [0, -1.0, "1"])
def test_beta_must_be_positive(beta):
    with pytest.raises(ValueError, match=f"beta must be above 0, not {beta!r}"):
        SmoothL1Loss(beta)
