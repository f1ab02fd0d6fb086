import pytest
import torch

from i2ikit.ops.numerics import normalize


def test_a_vector_by_hand() -> None:
    out = normalize(torch.tensor([[3.0, 4.0]]), eps=0.0)
    assert out.tolist() == [pytest.approx([0.6, 0.8])]


def test_eps_is_added_to_the_norm() -> None:
    x = torch.randn(3, 5, dtype=torch.float64) * 1e-6
    norm = x.square().sum(-1, keepdim=True).sqrt()
    torch.testing.assert_close(normalize(x), x / (norm + 1e-7), rtol=1e-15, atol=1e-15)


def test_a_zero_vector_stays_zero_and_gets_a_zero_gradient() -> None:
    x = torch.zeros(2, 3, requires_grad=True)
    out = normalize(x)
    out.sum().backward()
    assert (out == 0).all()
    assert x.grad is not None
    assert (x.grad == 0).all()


def test_a_zero_vector_does_not_disturb_its_neighbors() -> None:
    x = torch.randn(4, 3, dtype=torch.float64)
    x[1] = 0
    alone = x[2:].clone().requires_grad_()
    x.requires_grad_()
    pull = torch.randn(4, 3, dtype=torch.float64)
    (normalize(x) * pull).sum().backward()
    (normalize(alone) * pull[2:]).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    torch.testing.assert_close(x.grad[2:], alone.grad)


def test_the_gradient_is_that_of_finite_differences() -> None:
    x = torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: normalize(x, dim=1), x)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype: torch.dtype) -> None:
    x = torch.full((1, 4), 300.0, dtype=dtype)  # the square overflows float16
    out = normalize(x)
    assert out.dtype == torch.float32
    assert out.tolist() == [pytest.approx([0.5] * 4)]


@pytest.mark.parametrize("size", [1e-38, 1e-30, 1e30])
def test_lengths_whose_square_leaves_float32_stay_finite(size: float) -> None:
    x = torch.full((1, 4), size, requires_grad=True)
    out = normalize(x)
    out.sum().backward()
    assert out.isfinite().all()
    assert x.grad is not None
    assert x.grad.isfinite().all()
