import math

import pytest
import torch
from torch import Tensor

from i2ikit.ops.contrast import Negatives, contrast_logits

QUERY = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]]])
KEY = torch.tensor([[[0.8, 0.6], [0.0, 1.0], [1.0, 0.0]]])


def rows(logits: Tensor, positive: Tensor) -> list[float]:
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), positive.flatten(), reduction="none").tolist()


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_every_row_has_the_loss_of_the_published_code():
    logits, positive = contrast_logits(QUERY, KEY, Negatives(), 0.07)
    assert rows(logits, positive) == pytest.approx([2.912987, 0.003294, 5.245000], abs=2e-6)


def test_the_positive_is_on_the_diagonal_of_its_group():
    logits, positive = contrast_logits(random(2, 3, 4), random(2, 3, 4, seed=1), Negatives(), 1.0)
    assert logits.shape == (2, 3, 3)
    assert positive.tolist() == [[0, 1, 2]] * 2
    logits, positive = contrast_logits(random(2, 3, 4), random(2, 3, 4, seed=1), Negatives(whole_batch=True), 1.0)
    assert logits.shape == (1, 6, 6)
    assert positive.tolist() == [[0, 1, 2, 3, 4, 5]]


def test_negatives_from_elsewhere_come_after_the_positive():
    query, key, others = random(2, 3, 4), random(2, 3, 4, seed=1), random(2, 5, 4, seed=2)
    logits, positive = contrast_logits(query, key, Negatives(keys=others), 0.5)
    assert logits.shape == (2, 3, 6)
    assert (positive == 0).all()
    for image in range(2):
        for position in range(3):
            columns = [key[image, position], *others[image]]
            expected = [float(query[image, position] @ column) / 0.5 for column in columns]
            assert logits[image, position].tolist() == pytest.approx(expected)


def test_one_set_of_negatives_serves_all_images():
    query, key, others = random(2, 3, 4), random(2, 3, 4, seed=1), random(5, 4, seed=2)
    shared, _ = contrast_logits(query, key, Negatives(keys=others), 0.5)
    each, _ = contrast_logits(query, key, Negatives(keys=others.expand(2, -1, -1)), 0.5)
    torch.testing.assert_close(shared, each)


def test_with_whole_batch_the_rows_of_all_images_are_negatives():
    query, key, others = random(2, 3, 4), random(2, 3, 4, seed=1), random(2, 5, 4, seed=2)
    logits, _ = contrast_logits(query, key, Negatives(whole_batch=True, keys=others), 1.0)
    expected, _ = contrast_logits(
        query.reshape(1, 6, 4), key.reshape(1, 6, 4), Negatives(keys=others.flatten(0, 1)), 1.0
    )
    torch.testing.assert_close(logits, expected)


def test_a_weight_counts_a_negative_that_many_times():
    query, key = random(1, 3, 4), random(1, 3, 4, seed=1)
    weight = torch.tensor([[[9.0, 2.0, 0.5], [3.0, 9.0, 1.0], [1.0, 1.0, 9.0]]], dtype=torch.float64)  # 9: unused
    logits, positive = contrast_logits(query, key, Negatives(log_weight=weight.log()), 0.3)
    for position, value in enumerate(rows(logits, positive)):
        terms = [math.exp(float(query[0, position] @ key[0, other]) / 0.3) for other in range(3)]
        counted = [t if other == position else t * float(weight[0, position, other]) for other, t in enumerate(terms)]
        assert value == pytest.approx(-math.log(terms[position] / sum(counted)))


def test_a_scale_changes_the_similarity_of_negatives_alone():
    query, key = random(1, 3, 4), random(1, 3, 4, seed=1)
    plain, _ = contrast_logits(query, key, Negatives(), 1.0)
    scaled, _ = contrast_logits(query, key, Negatives(scale=torch.full((1, 3, 3), 2.0, dtype=torch.float64)), 1.0)
    own = torch.eye(3, dtype=torch.bool)
    torch.testing.assert_close(scaled[0][own], plain[0][own])
    torch.testing.assert_close(scaled[0][~own], 2 * plain[0][~own])


def test_weights_of_negatives_from_elsewhere_leave_the_positive_alone():
    query, key, others = random(1, 3, 4), random(1, 3, 4, seed=1), random(1, 5, 4, seed=2)
    plain, _ = contrast_logits(query, key, Negatives(keys=others), 1.0)
    scale, log_weight = torch.full((1, 3, 5), 2.0).double(), torch.full((1, 3, 5), 0.5).double()
    changed, _ = contrast_logits(query, key, Negatives(keys=others, scale=scale, log_weight=log_weight), 1.0)
    torch.testing.assert_close(changed[..., 0], plain[..., 0])
    torch.testing.assert_close(changed[..., 1:], 2 * plain[..., 1:] + 0.5)


def test_gradient_flows_into_weights_and_negatives_but_not_into_the_weight_of_the_positive():
    query, key = random(1, 3, 4), random(1, 3, 4, seed=1)
    log_weight, keys = torch.zeros(1, 3, 3).double().requires_grad_(True), random(1, 3, 4, seed=2).requires_grad_(True)
    contrast_logits(query, key, Negatives(log_weight=log_weight), 1.0)[0].sum().backward()
    assert log_weight.grad[0].tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
    contrast_logits(query, key, Negatives(keys=keys), 1.0)[0].sum().backward()
    assert keys.grad.abs().sum() > 0


def test_negatives_of_another_width_are_refused():
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        contrast_logits(QUERY, KEY, Negatives(keys=torch.zeros(5, 3)), 1.0)
