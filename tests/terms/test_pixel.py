import pytest
import torch
from torch import Tensor

from i2ikit.errors import ShapeError
from i2ikit.interfaces import Read
from i2ikit.losses.adversarial import LSGANLoss
from i2ikit.losses.pixel import L1Loss
from i2ikit.terms.pixel import PixelTerm


class Images:
    """A step that only has images."""

    def __init__(self, **images: Tensor) -> None:
        self.images, self.asked = images, {}

    def image(self, expression: str, *, grad: bool = True) -> Tensor:
        self.asked[expression] = grad
        return self.images[expression]


def test_it_is_the_distance_of_the_two_images():
    step = Images(x=torch.full((1, 3, 2, 2), 0.75), y=torch.full((1, 3, 2, 2), -0.5))
    assert PixelTerm("x", "y", L1Loss())(step).item() == pytest.approx(1.25)


def test_the_target_is_read_without_gradient():
    step = Images(x=torch.zeros(1, 3, 2, 2), y=torch.zeros(1, 3, 2, 2))
    term = PixelTerm("x", "y", L1Loss())
    term(step)
    assert step.asked == {"x": True, "y": False}
    assert term.reads() == [Read("x"), Read("y", grad=False)]


def test_half_precision_is_compared_in_float32():
    x, y = torch.full((1, 3, 64, 64), 0.1).half(), torch.zeros(1, 3, 64, 64).half()
    value = PixelTerm("x", "y", L1Loss())(Images(x=x, y=y))
    assert value.dtype == torch.float32


def test_images_of_two_sizes_are_refused():
    step = Images(x=torch.zeros(1, 3, 2, 2), y=torch.zeros(1, 3, 4, 4))
    with pytest.raises(ShapeError, match=r"image \(1, 3, 2, 2\), target \(1, 3, 4, 4\)"):
        PixelTerm("x", "y", L1Loss())(step)


def test_an_adversarial_loss_is_refused():
    with pytest.raises(ValueError, match="loss must be a comparison of two tensors, such as L1Loss, not LSGANLoss"):
        PixelTerm("x", "y", LSGANLoss())


def test_pixels_count_in_proportion_to_the_mask():
    x, y = torch.tensor([[[[1.0, 0.0, 5.0]]]]), torch.tensor([[[[0.0, 0.25, 0.0]]]])
    term = PixelTerm("x", "y", L1Loss(), mask="m")
    assert term.reads()[-1] == Read("m", grad=False)
    assert term(Images(x=x, y=y, m=torch.tensor([[[[1.0, 1.0, 0.0]]]]))).item() == pytest.approx((1 + 0.25) / 2)
    assert term(Images(x=x, y=y, m=torch.tensor([[[[1.0, 0.5, 0.0]]]]))).item() == pytest.approx((1 + 0.125) / 1.5)


def test_the_value_and_the_gradient_of_an_empty_mask_are_zero():
    x = torch.ones(1, 3, 2, 2, requires_grad=True)
    value = PixelTerm("x", "y", L1Loss(), mask="m")(Images(x=x, y=torch.zeros(1, 3, 2, 2), m=torch.zeros(1, 1, 2, 2)))
    value.backward()
    assert (value.item(), x.grad.abs().max().item()) == (0, 0)


def test_an_image_is_no_mask():
    step = Images(x=torch.zeros(1, 3, 2, 2), y=torch.zeros(1, 3, 2, 2))
    with pytest.raises(ShapeError, match=r"PixelTerm needs a mask \(B, 1, H, W\) in 0..1, got 'y' \(1, 3, 2, 2\)"):
        PixelTerm("x", "y", L1Loss(), mask="y")(step)
