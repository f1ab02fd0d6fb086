"""hDCE: values of the published code, its gradient, and the schedule of its temperature."""

from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from i2ikit_hneg.related_negatives import RelatedNegatives
from torch import Tensor

from i2ikit.interfaces.progress import Progress
from i2ikit.losses.patch_nce import DecoupledPatchNCELoss
from i2ikit.registry import NEGATIVES
from i2ikit.schedules import Constant, Linear

QUERY = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]]]).double()
KEY = torch.tensor([[[0.8, 0.6], [0.0, 1.0], [1.0, 0.0]]]).double()


def at(epoch: int) -> SimpleNamespace:
    return SimpleNamespace(progress=Progress(epoch, 1, 400, 400))


def rows(seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(2, 5, 4, generator=generator, dtype=torch.float64), dim=-1)


def test_equal_weights_give_the_values_of_the_published_code():
    values = torch.tensor([2.857143, -5.714096, 5.239713])
    loss = DecoupledPatchNCELoss()(QUERY, KEY, RelatedNegatives(Constant(1e12))(at(1), QUERY, KEY, 0))
    assert loss.item() == pytest.approx(values.mean().item(), abs=1e-6)


def test_the_loss_and_its_gradient_are_those_of_the_published_formula():
    query, key, gamma, tau = rows(0).requires_grad_(), rows(1), 0.7, 0.07
    loss = DecoupledPatchNCELoss(tau)(query, key, RelatedNegatives(Constant(gamma))(at(1), query, key, 0))
    losses = []
    for image in range(2):
        for i in range(5):
            related = key[image] @ key[image, i]
            related[i] = -10
            weight = torch.softmax(related / gamma, dim=0)
            similarity = key[image] @ query[image, i] * (weight / weight.max())
            similarity[i] = -10
            losses.append(torch.logsumexp((similarity - query[image, i] @ key[image, i]) / tau, dim=0))
    expected = torch.stack(losses).mean()
    torch.testing.assert_close(loss, expected)
    for mine, published in zip(*(torch.autograd.grad(x, query) for x in (loss, expected)), strict=True):
        torch.testing.assert_close(mine, published)


def test_no_gradient_flows_into_the_factors():
    key = rows(1).requires_grad_()
    assert not RelatedNegatives(Constant(1.0))(at(1), rows(0), key, 0).scale.requires_grad


def test_the_temperature_falls_with_the_epochs_as_published():
    gamma = Linear(start=49.9, end=10.0, first=1, last=400)
    for epoch in (1, 150, 400):
        assert gamma(Progress(epoch, 1, 400, 400)) == pytest.approx(50 + (10 - 50) * epoch / 400)
    source = RelatedNegatives(gamma)
    early, late = (source(at(epoch), rows(0), rows(1), 0).scale for epoch in (1, 400))
    assert (late <= early).all()
    assert (late < early).any()


def test_a_temperature_that_is_not_above_0_is_refused():
    with pytest.raises(ValueError, match=r"gamma must be above 0, but gamma_schedule is 0\.0 in epoch 3"):
        RelatedNegatives(Constant(0.0))(at(3), rows(0), rows(1), 0)


def test_it_is_registered():
    assert NEGATIVES.get("RelatedNegatives") is RelatedNegatives
