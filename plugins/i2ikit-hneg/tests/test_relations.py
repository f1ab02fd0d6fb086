import math

import pytest
import torch
import torch.nn.functional as F
from i2ikit_hneg.relations import divergence, related_weights, relations
from torch import Tensor


def rows(seed: int = 0, *, images: int = 2, positions: int = 5) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(images, positions, 4, generator=generator, dtype=torch.float64), dim=-1)


def test_relations_are_a_softmax_over_all_places():
    z = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    weight = math.e / (math.e + 1)
    assert relations(z).exp()[0].tolist() == [pytest.approx([weight, 1 - weight]), pytest.approx([1 - weight, weight])]


def test_the_divergence_of_opposite_certainties_is_log_2_and_of_equals_0():
    certain = torch.tensor([0.999999999, 1e-9]).double().log()
    assert divergence(certain, certain.flip(0)).item() == pytest.approx(math.log(2), abs=1e-6)
    assert divergence(certain, certain).item() == pytest.approx(0, abs=1e-12)


def test_the_divergence_is_the_mean_of_two_kullback_leibler_divergences():
    p, q = torch.tensor([0.5, 0.25, 0.25]), torch.tensor([0.1, 0.6, 0.3])
    middle = [(float(a) + float(b)) / 2 for a, b in zip(p, q, strict=True)]
    expected = sum(0.5 * float(x) * math.log(float(x) / m) for xs in (p, q) for x, m in zip(xs, middle, strict=True))
    assert divergence(p.log(), q.log()).item() == pytest.approx(expected, abs=1e-6)


def test_the_closest_position_weighs_1_and_the_others_by_the_exponential_of_their_distance():
    z = torch.tensor([[[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]])  # similarities 0.6, 0.0, 0.8
    weights = related_weights(z, 0.5)[0]
    assert weights[0, 1:].tolist() == pytest.approx([1.0, math.exp(-0.6 / 0.5)])
    assert weights[1, [0, 2]].tolist() == pytest.approx([math.exp(-0.2 / 0.5), 1.0])


def test_the_weights_are_the_published_softmax_divided_by_its_greatest_entry():
    z, gamma = rows(), 3.0
    similarity = (z @ z.mT).masked_fill(torch.eye(5, dtype=torch.bool), -10.0)
    published = torch.softmax(similarity / gamma, dim=-1)
    torch.testing.assert_close(related_weights(z, gamma), published / published.amax(-1, keepdim=True))


def test_a_high_temperature_makes_all_positions_count_alike():
    torch.testing.assert_close(related_weights(rows(), 1e9), torch.ones(2, 5, 5).double())
