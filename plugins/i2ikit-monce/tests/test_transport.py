import pytest
import torch
from i2ikit_monce.transport import transport_plan


def similarities(*, images: int = 2, positions: int = 6) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(images, positions, positions, generator=generator, dtype=torch.float64) * 2 - 1


def test_rows_and_columns_sum_to_one():
    plan = transport_plan(similarities(), 0.3, 50)
    one = torch.ones(2, 6, dtype=torch.float64)
    torch.testing.assert_close(plan.sum(1), one, rtol=0, atol=1e-12)
    torch.testing.assert_close(plan.sum(2), one, rtol=0, atol=1e-3)


def test_equal_benefits_are_spread_evenly_over_what_is_allowed():
    benefit = torch.zeros(1, 4, 4).masked_fill(torch.eye(4, dtype=torch.bool), -torch.inf)
    expected = (1 - torch.eye(4)) / 3
    torch.testing.assert_close(transport_plan(benefit, 1.0, 5)[0], expected)


def test_two_by_two_is_known_by_hand():
    # [[e, 1], [1, e]] has equal row and column sums e + 1 already
    benefit = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    weight = torch.e / (torch.e + 1)
    assert transport_plan(benefit, 1.0, 1)[0].tolist() == [
        pytest.approx([weight, 1 - weight]),
        pytest.approx([1 - weight, weight]),
    ]


def test_it_is_the_published_loop_over_rows_and_columns():
    benefit, epsilon, rounds = similarities(images=1), 0.5, 7
    kernel = (benefit[0] / epsilon).exp()
    row, column = [1.0] * 6, [1.0] * 6
    for _ in range(rounds):
        row = [1 / sum(float(kernel[i, j]) * column[j] for j in range(6)) for i in range(6)]
        column = [1 / sum(float(kernel[i, j]) * row[i] for i in range(6)) for j in range(6)]
    expected = torch.tensor([[row[i] * float(kernel[i, j]) * column[j] for j in range(6)] for i in range(6)])
    torch.testing.assert_close(transport_plan(benefit, epsilon, rounds)[0], expected.double(), rtol=1e-5, atol=1e-9)


def test_little_regularization_gives_the_best_assignment():
    benefit = torch.tensor([[[0.9, 0.8, 0.0], [0.7, 0.0, 0.1], [0.0, 0.2, 0.6]]])
    plan = transport_plan(benefit, 0.03, 500)[0]
    torch.testing.assert_close(plan, torch.tensor([[0.0, 1, 0], [1, 0, 0], [0, 0, 1]]), rtol=0, atol=0.02)


def test_gradient_flows_through_the_rounds():
    benefit = similarities(images=1, positions=4).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: transport_plan(x, 0.5, 20), (benefit,))


def test_the_smallest_regularization_stays_finite_in_float32():
    benefit = (2 * torch.eye(8)[None] - 1).requires_grad_()  # 1 and -1: as far apart as similarities can be
    plan = transport_plan(benefit, 0.025, 50)
    plan.square().sum().backward()
    assert plan.isfinite().all()
    assert benefit.grad is not None
    assert benefit.grad.isfinite().all()
