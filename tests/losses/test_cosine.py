import math

import pytest
import torch
import torch.nn.functional as F

from i2ikit.errors import ShapeError
from i2ikit.losses.cosine import CosineLoss


@pytest.mark.parametrize(("key", "value"), [((2.0, 0.0), 0.0), ((0.0, 3.0), 2.0), ((-1.0, 0.0), 4.0)])
def test_same_unrelated_and_opposite_directions_cost_zero_two_and_four(key, value, device):
    query = torch.tensor([[[1.0, 0.0]]], device=device)
    assert CosineLoss()(query, torch.tensor([[key]], device=device)).item() == pytest.approx(value)


def test_it_is_the_mean_over_rows_of_two_minus_twice_the_cosine(device):
    torch.manual_seed(0)
    query, key = torch.randn(2, 3, 4, dtype=torch.float64), torch.randn(2, 3, 4, dtype=torch.float64)
    total = 0.0
    for q, k in zip(query.flatten(0, 1).tolist(), key.flatten(0, 1).tolist(), strict=True):
        dot = sum(x * y for x, y in zip(q, k, strict=True))
        total += 2 - 2 * dot / math.hypot(*q) / math.hypot(*k)
    assert CosineLoss()(query.to(device), key.to(device)).item() == pytest.approx(total / 6)


def test_it_is_the_squared_distance_of_unit_vectors():
    torch.manual_seed(0)
    query, key = F.normalize(torch.randn(2, 3, 4), dim=-1), F.normalize(torch.randn(2, 3, 4), dim=-1)
    distance = (query - key).square().sum(-1).mean()
    torch.testing.assert_close(CosineLoss()(query, key), distance)


def test_gradient_turns_the_query_and_leaves_its_length():
    query = torch.tensor([[[1.0, 1.0]]], requires_grad=True)
    key = torch.tensor([[[1.0, 0.0]]])
    CosineLoss()(query, key).backward()
    assert (query.grad * query).sum().item() == pytest.approx(0.0, abs=1e-7)
    assert query.grad[0, 0, 0] < 0 < query.grad[0, 0, 1]


def test_a_zero_embedding_is_finite(device):
    query = torch.zeros(1, 2, 3, requires_grad=True, device=device)
    loss = CosineLoss()(query, torch.ones(1, 2, 3, device=device))
    loss.backward()
    assert loss.item() == 2.0
    assert query.grad.isfinite().all()


def test_rows_that_do_not_match_are_refused():
    with pytest.raises(
        ShapeError, match=r"CosineLoss needs tensors of one shape, got query \(1, 2, 3\), key \(1, 4, 3\)"
    ):
        CosineLoss()(torch.zeros(1, 2, 3), torch.zeros(1, 4, 3))
