import pytest
import torch
from i2ikit_lsesim.losses import SimilarityCosineLoss, SimilarityL1Loss

from i2ikit.errors import ShapeError

QUERY = torch.tensor([[[0.9, 0.8, 0.1, 0.0, -0.2, 0.3, 0.2, 0.7]]])  # a quarter and one: 0.9, 0.8, 0.7
KEY = torch.tensor([[[0.9, 0.8, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0]]])


def test_only_the_highest_quarter_of_the_query_is_compared():
    same = QUERY.clone()
    same[0, 0, 2:7] = 5.0
    for loss in (SimilarityCosineLoss(), SimilarityL1Loss()):
        assert loss(QUERY, same).item() == pytest.approx(0, abs=1e-6)


def test_the_cosine_of_the_kept_entries_should_be_one():
    cosine = (0.81 + 0.64) / ((0.81 + 0.64 + 0.49) ** 0.5 * (0.81 + 0.64) ** 0.5)
    assert SimilarityCosineLoss()(QUERY, KEY).item() == pytest.approx((1 - cosine) ** 2 / 2)
    assert SimilarityCosineLoss(beta=0.0)(QUERY, KEY).item() == pytest.approx(1 - cosine)


def test_rows_are_scaled_by_the_share_that_is_kept():
    # N / (N // 4) = 4, one of 8 entries differs, by 0.7: smooth L1 of 2.8 is 2.3
    assert SimilarityL1Loss()(QUERY, KEY).item() == pytest.approx(2.3 / 8)
    assert SimilarityL1Loss(beta=0.0)(QUERY, KEY).item() == pytest.approx(2.8 / 8)


@pytest.mark.parametrize("kind", [SimilarityCosineLoss, SimilarityL1Loss])
def test_gradient_reaches_only_the_kept_entries(kind):
    query = QUERY.clone().requires_grad_()
    kind()(query, KEY).backward()
    assert query.grad[0, 0, 2:7].eq(0).all()
    assert query.grad[0, 0, 7] != 0


def test_wrong_arguments_are_named():
    with pytest.raises(ShapeError, match="SimilarityCosineLoss"):
        SimilarityCosineLoss()(QUERY, KEY[..., :4])
    with pytest.raises(ValueError, match="beta must be at least 0, not -1"):
        SimilarityL1Loss(beta=-1)
