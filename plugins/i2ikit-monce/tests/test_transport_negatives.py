"""The weights of MoNCE: against the published formula, their gradient, and what they do to the loss."""

import math
from unittest.mock import Mock

import pytest
import torch
import torch.nn.functional as F
from i2ikit_monce.transport_negatives import EasyTransportNegatives, HardTransportNegatives
from torch import Tensor

from i2ikit.errors import ShapeError
from i2ikit.losses.patch_nce import PatchNCELoss
from i2ikit.registry import NEGATIVES

STEP = Mock(spec_set=())


def rows(seed: int, *, images: int = 2, positions: int = 5) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(images, positions, 4, generator=generator, dtype=torch.float64), dim=-1)


def published_loss(query: Tensor, key: Tensor, benefit: Tensor, epsilon: float, tau: float) -> Tensor:
    """The formula, row by row: the positive first, the own position at -10, weights from 50 Sinkhorn rounds."""
    positions, losses = query.shape[1], []
    for image in range(len(query)):
        kernel = (benefit[image].clone().fill_diagonal_(-10) / epsilon).exp()
        row, column = torch.ones(positions).double(), torch.ones(positions).double()
        for _ in range(50):
            row = 1 / (kernel @ column)
            column = 1 / (kernel.T @ row)
        weight = row[:, None] * kernel * column[None] * (positions - 1) + 1e-8
        for i in range(positions):
            negatives = query[image, i] @ key[image].T + tau * weight[i].log()
            negatives[i] = -10
            logits = torch.cat([(query[image, i] @ key[image, i])[None], negatives]) / tau
            losses.append(-logits.log_softmax(0)[0])
    return torch.stack(losses).mean()


@pytest.mark.parametrize("epsilon", [0.1, 1.0])
@pytest.mark.parametrize("kind", [HardTransportNegatives, EasyTransportNegatives])
def test_the_loss_is_the_published_one_and_so_is_its_gradient(kind, epsilon):
    query, key = rows(0).requires_grad_(), rows(1)
    loss = PatchNCELoss()(query, key, kind(epsilon)(STEP, query, key, 0))
    similarity = query @ key.mT
    benefit = similarity if kind is HardTransportNegatives else 1 - similarity
    expected = published_loss(query, key, benefit, epsilon, 0.07)
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=0)
    (gradient,) = torch.autograd.grad(loss, query, retain_graph=True)
    (published,) = torch.autograd.grad(expected, query)
    torch.testing.assert_close(gradient, published, rtol=1e-7, atol=1e-9)


def test_equally_similar_positions_weigh_as_in_patch_nce():
    alike = F.normalize(torch.ones(1, 8, 4), dim=-1)
    negatives = HardTransportNegatives()(STEP, alike, alike, 0)
    assert PatchNCELoss()(alike, alike, negatives).item() == pytest.approx(math.log(8), abs=1e-5)


def test_the_weights_of_a_query_sum_to_the_number_of_its_negatives():
    weights = HardTransportNegatives(0.5, weight=3.0)(STEP, rows(0), rows(1), 0).log_weight.exp()
    torch.testing.assert_close(weights.sum(1), torch.full((2, 5), 3.0 * 4).double(), rtol=0, atol=1e-6)
    torch.testing.assert_close(weights.sum(2), torch.full((2, 5), 3.0 * 4).double(), rtol=0, atol=1e-2)


def test_hard_prefers_the_similar_and_easy_the_dissimilar():
    query, key = rows(0), rows(1)
    others = ~torch.eye(5, dtype=torch.bool).expand(2, 5, 5)
    similarity = (query @ key.mT)[others]
    for kind, sign in ((HardTransportNegatives, 1), (EasyTransportNegatives, -1)):
        weights = kind(1.0)(STEP, query, key, 0).log_weight[others]
        assert torch.corrcoef(torch.stack([similarity, weights]))[0, 1] * sign > 0.3


def test_gradient_reaches_the_query_through_the_weights_and_never_the_key():
    query, key = rows(0).requires_grad_(), rows(1).requires_grad_()
    others = ~torch.eye(5, dtype=torch.bool).expand(2, 5, 5)
    HardTransportNegatives(0.5)(STEP, query, key, 0).log_weight[others].square().sum().backward()
    assert query.grad.abs().sum() > 0
    assert key.grad is None


def test_a_single_position_has_no_negatives():
    query = rows(0, positions=1)
    assert HardTransportNegatives()(STEP, query, query, 0).log_weight is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epsilon": 0.001}, "epsilon must be at least 0.025, not 0.001"),
        ({"epsilon": -1}, "epsilon must be above 0"),
        ({"rounds": 0}, "rounds must be an integer above 0"),
        ({"weight": 0}, "weight must be above 0"),
    ],
)
def test_an_argument_out_of_its_range_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        HardTransportNegatives(**arguments)


def test_rows_of_different_shapes_are_refused():
    with pytest.raises(ShapeError, match="HardTransportNegatives"):
        HardTransportNegatives()(STEP, rows(0), rows(1, positions=4), 0)


def test_the_parts_are_registered():
    assert {"HardTransportNegatives", "EasyTransportNegatives"} <= set(NEGATIVES.names())
