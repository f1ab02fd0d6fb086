import math

import pytest
import torch
import torch.nn.functional as F
from i2ikit_hneg.relation_loss import RelationConsistencyLoss
from torch import Tensor

from i2ikit.errors import ShapeError
from i2ikit.registry import LOSSES


def rows(seed: int, *, images: int = 1, positions: int = 4) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(images, positions, 3, generator=generator, dtype=torch.float64), dim=-1)


def test_equal_relations_cost_nothing_even_where_the_embeddings_differ():
    z = rows(0)
    turned = z @ torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64)).Q
    assert RelationConsistencyLoss()(turned, z).item() == pytest.approx(0, abs=1e-12)


def test_two_positions_are_known_by_hand():
    # alike: each relation is (1/2, 1/2); opposite: (s, 1 - s) with s = 1 / (1 + exp(-2))
    alike, opposite = torch.tensor([[[1.0], [1.0]]]), torch.tensor([[[1.0], [-1.0]]])
    s = 1 / (1 + math.exp(-2))
    middle = ((0.5 + s) / 2, (1.5 - s) / 2)
    one_row = 0.5 * sum(
        p * math.log(p / m) for pair in ((0.5, 0.5), (s, 1 - s)) for p, m in zip(pair, middle, strict=True)
    )
    assert RelationConsistencyLoss()(alike, opposite).item() == pytest.approx(2 * one_row, abs=1e-6)


def test_it_is_the_published_sum_over_all_entries():
    query, key = rows(0), rows(1)
    p, q = (torch.softmax(z[0] @ z[0].T, dim=1) for z in (query, key))
    expected = 0.0
    for i in range(4):
        for j in range(4):
            a, b = float(p[i, j]), float(q[i, j])
            expected += 0.5 * (a * math.log(2 * a / (a + b)) + b * math.log(2 * b / (a + b)))
    assert RelationConsistencyLoss()(query, key).item() == pytest.approx(expected, rel=1e-9)


def test_a_batch_is_the_mean_of_its_images():
    query, key = rows(0, images=2), rows(1, images=2)
    loss = RelationConsistencyLoss()
    torch.testing.assert_close(loss(query, key), (loss(query[:1], key[:1]) + loss(query[1:], key[1:])) / 2)


def test_gradient_reaches_the_query_and_never_the_key():
    query, key = rows(0).requires_grad_(), rows(1).requires_grad_()
    RelationConsistencyLoss()(query, key).backward()
    assert query.grad.abs().sum() > 0
    assert key.grad is None
    assert torch.autograd.gradcheck(lambda x: RelationConsistencyLoss()(x, key.detach()), (query,))


def test_rows_of_different_shapes_are_refused():
    with pytest.raises(ShapeError, match="RelationConsistencyLoss"):
        RelationConsistencyLoss()(rows(0), rows(1, positions=3))


def test_it_is_registered():
    assert LOSSES.get("RelationConsistencyLoss") is RelationConsistencyLoss
