import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.errors import ShapeError
from i2ikit.heads.mlp import MLPHead
from i2ikit.interfaces import Negatives
from i2ikit.losses.patch_nce import CosinePatchNCELoss, DecoupledPatchNCELoss, PatchNCELoss

# rows of which the published code gives [2.912987, 0.003294, 5.245000], and for the decoupled form the second list
QUERY = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]]])
KEY = torch.tensor([[[0.8, 0.6], [0.0, 1.0], [1.0, 0.0]]])
PUBLISHED = [2.912987, 0.003294, 5.245000]
PUBLISHED_DECOUPLED = [2.857143, -5.714096, 5.239713]
ALL = [PatchNCELoss, CosinePatchNCELoss, DecoupledPatchNCELoss]


def unit(*shape: int, seed: int = 0) -> Tensor:
    return F.normalize(torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64), dim=-1)


def slow(query: Tensor, key: Tensor, tau: float, *, own: bool) -> float:
    """The mean over all rows of -log(positive / sum), one image at a time; ``own``: the positive is part of the sum."""
    total, rows = 0.0, 0
    for q, k in zip(query.tolist(), key.tolist(), strict=True):
        similarity = [[math.exp(sum(map(math.prod, zip(x, y, strict=True))) / tau) for y in k] for x in q]
        for index, row in enumerate(similarity):
            others = sum(row) if own else sum(row) - row[index]
            total, rows = total - math.log(row[index] / others), rows + 1
    return total / rows


def test_the_mean_of_the_published_rows(device):
    rows = QUERY.to(device), KEY.to(device)
    assert PatchNCELoss(0.07)(*rows).item() == pytest.approx(sum(PUBLISHED) / 3, abs=2e-6)
    assert CosinePatchNCELoss(0.07)(*rows).item() == pytest.approx(sum(PUBLISHED) / 3, abs=2e-6)
    assert DecoupledPatchNCELoss(0.07)(*rows).item() == pytest.approx(sum(PUBLISHED_DECOUPLED) / 3, abs=2e-6)


def test_it_is_log_n_when_all_patches_look_alike():
    z = F.normalize(torch.ones(2, 8, 4), dim=-1)
    assert PatchNCELoss()(z, z).item() == pytest.approx(math.log(8), abs=1e-5)
    assert PatchNCELoss()(z, z, Negatives(whole_batch=True)).item() == pytest.approx(math.log(16), abs=1e-5)
    assert DecoupledPatchNCELoss()(z, z).item() == pytest.approx(math.log(7), abs=1e-5)


@pytest.mark.parametrize(
    ("loss", "own"), [(PatchNCELoss, True), (CosinePatchNCELoss, True), (DecoupledPatchNCELoss, False)]
)
def test_it_equals_a_loop_over_images_and_patches(loss, own, device):
    query, key = unit(3, 5, 4).to(device), unit(3, 5, 4, seed=1).to(device)
    assert loss(0.2)(query, key).item() == pytest.approx(slow(query, key, 0.2, own=own))
    whole = slow(query.reshape(1, 15, 4), key.reshape(1, 15, 4), 0.2, own=own)
    assert loss(0.2)(query, key, Negatives(whole_batch=True)).item() == pytest.approx(whole)


def test_images_do_not_see_each_other_unless_the_whole_batch_is_asked_for():
    query, key = unit(2, 5, 4), unit(2, 5, 4, seed=1)
    alone = torch.stack([PatchNCELoss()(query[n : n + 1], key[n : n + 1]) for n in range(2)]).mean()
    torch.testing.assert_close(PatchNCELoss()(query, key), alone)


def test_the_cosine_form_ignores_lengths():
    query, key = unit(1, 5, 4), unit(1, 5, 4, seed=1)
    torch.testing.assert_close(CosinePatchNCELoss()(3 * query, 0.1 * key), PatchNCELoss()(query, key))


def test_gradient_is_the_softmax_weighted_keys_minus_the_own_key():
    query, key = unit(1, 3, 4).requires_grad_(True), unit(1, 3, 4, seed=1)
    PatchNCELoss(0.5)(query, key).backward()
    weights = (query.detach() @ key.mT / 0.5).softmax(-1)
    torch.testing.assert_close(query.grad, (weights @ key - key) / 0.5 / 3)


def test_the_decoupled_gradient_leaves_the_own_key_out_of_the_softmax():
    query, key = unit(1, 3, 4).requires_grad_(True), unit(1, 3, 4, seed=1)
    DecoupledPatchNCELoss(0.5)(query, key).backward()
    logits = (query.detach() @ key.mT / 0.5).masked_fill(torch.eye(3, dtype=torch.bool), -torch.inf)
    torch.testing.assert_close(query.grad, (logits.softmax(-1) @ key - key) / 0.5 / 3)


@pytest.mark.parametrize("loss", ALL)
def test_gradient_reaches_the_key_unless_the_term_detaches_it(loss, device):
    query, key = (unit(1, 3, 4, seed=seed).to(device).requires_grad_(True) for seed in (0, 1))
    loss()(query, key).backward()
    assert key.grad.abs().sum() > 0
    query.grad = key.grad = None
    loss()(query, key.detach()).backward()
    assert query.grad.abs().sum() > 0
    assert key.grad is None


@pytest.mark.parametrize("loss", ALL)
def test_embeddings_of_zero_length_give_a_finite_loss_and_finite_gradients(loss, device):
    head = MLPHead([3], dim=4).to(device)  # its biases start at 0: features of 0 become embeddings of exactly 0
    features = torch.zeros(1, 5, 3, requires_grad=True, device=device)
    value = loss()(head(features, 0, "query"), head(features, 0, "key"))
    value.backward()
    assert value.isfinite()
    assert features.grad.isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in head.parameters())


@pytest.mark.parametrize("loss", ALL)
def test_rows_that_do_not_match_are_refused(loss):
    with pytest.raises(ShapeError, match=rf"{loss.__name__} needs tensors of one shape, got query \(1, 3, 4\), key"):
        loss()(unit(1, 3, 4), unit(1, 2, 4))


def test_the_decoupled_form_needs_something_to_contrast_with():
    with pytest.raises(ShapeError, match="DecoupledPatchNCELoss needs at least one negative for each query, got none"):
        DecoupledPatchNCELoss()(unit(2, 1, 4), unit(2, 1, 4))


@pytest.mark.parametrize("tau", [0, -0.07, "0.07", True])
def test_tau_must_be_positive(tau):
    with pytest.raises(ValueError, match=f"tau must be above 0, not {tau!r}"):
        PatchNCELoss(tau)
