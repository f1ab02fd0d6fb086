"""Which rows the two samplers read, and where their gradient goes."""

import pytest
import torch
from i2ikit_qsattn.samplers import QSAttnGlobalSampler, QSAttnLocalGlobalSampler

from i2ikit.interfaces import Positions, Routing
from i2ikit.translation import RandomStreams

SAMPLERS = [QSAttnGlobalSampler, QSAttnLocalGlobalSampler]


def planned(sampler, *keys):
    """Plan for maps whose queries are equal to the keys, with the random numbers of a first step."""
    return sampler.plan(RandomStreams(seed=0, step=1), keys, keys)


@pytest.mark.parametrize("kind", SAMPLERS)
def test_the_first_layers_take_random_positions_and_the_rest_is_routed(kind):
    plans = planned(kind(num=5, random_layers=2), *(torch.randn(2, 3, 4, 4) for _ in range(4)))
    assert [type(plan) for plan in plans] == [Positions, Positions, Routing, Routing]
    assert plans[0].ids.shape == (5,)
    assert len(plans[0].ids.unique()) == 5
    assert plans[2].read(torch.randn(2, 7, 4, 4)).shape == (2, 5, 7)


@pytest.mark.parametrize("kind", SAMPLERS)
def test_the_published_first_layers_are_three(kind):
    plans = planned(kind(num=2), *(torch.randn(1, 3, 4, 4) for _ in range(5)))
    assert [type(plan) for plan in plans] == [Positions, Positions, Positions, Routing, Routing]


def test_the_positions_whose_attention_is_narrowest_are_routed_first():
    key = torch.tensor([[[[0.0, 1.0, 9.0]]]])  # 0 looks everywhere alike; 9 at 9 alone
    matrix = planned(QSAttnGlobalSampler(num=2, random_layers=0), key)[0].matrix
    expected = torch.stack([(9 * key.flatten()).softmax(0), key.flatten().softmax(0)])
    torch.testing.assert_close(matrix, expected[None])


def test_rows_are_weighted_sums_over_the_whole_map_of_both_sides():
    torch.manual_seed(0)
    key, query = torch.randn(2, 3, 2, 2), torch.randn(2, 3, 2, 2)
    plan = planned(QSAttnGlobalSampler(num=4, random_layers=0), key)[0]
    rows = plan.read(query)
    for image in range(2):
        for row, weights in zip(rows[image], plan.matrix[image], strict=True):
            assert weights.sum().item() == pytest.approx(1)
            total = sum(
                weight * query[image, :, position // 2, position % 2] for position, weight in enumerate(weights)
            )
            torch.testing.assert_close(row, total)


def test_local_selection_looks_no_further_than_its_window():
    far = torch.zeros(1, 1, 1, 9)
    far[..., 0], far[..., 1], far[..., 8] = 3.0, 3.0, 2.0  # position 8 has no neighbor that it could look at
    local = planned(QSAttnLocalGlobalSampler(num=1, random_layers=0, window=3), far)[0].matrix
    everywhere = (2.0 * far.flatten()).softmax(0)
    torch.testing.assert_close(local[0, 0], everywhere)  # but what is read is weighed over the whole map


@pytest.mark.parametrize("kind", SAMPLERS)
def test_gradient_reaches_the_key_through_the_attention(kind):
    torch.manual_seed(0)
    key = (0.3 * torch.randn(2, 3, 4, 4)).requires_grad_()
    planned(kind(num=4, random_layers=0), key)[0].read(torch.randn(2, 3, 4, 4)).square().sum().backward()
    assert key.grad.abs().max() > 0


@pytest.mark.parametrize("kind", SAMPLERS)
def test_gradient_keeps_the_layout_of_the_map_so_that_instance_norms_are_right_at_batch_1(kind):
    norm = torch.nn.InstanceNorm2d(8)
    torch.manual_seed(0)
    x = torch.randn(1, 8, 4, 4, dtype=torch.float64, requires_grad=True)

    def loss(x):
        key = norm(x)
        plan = planned(kind(num=6, random_layers=0), 0.3 * key)[0]
        return plan.read(key).sin().sum()

    assert torch.autograd.gradcheck(loss, x)


@pytest.mark.parametrize("kind", SAMPLERS)
def test_half_precision_is_attended_in_float32(kind):
    torch.manual_seed(0)
    key = torch.randn(1, 8, 4, 4).bfloat16()
    half = planned(kind(num=4, random_layers=0), key)[0].matrix
    full = planned(kind(num=4, random_layers=0), key.float())[0].matrix
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half, full.bfloat16())


@pytest.mark.parametrize("kind", SAMPLERS)
def test_a_small_map_gives_all_its_places(kind):
    for plan in planned(kind(num=256, random_layers=1), torch.randn(1, 2, 3, 3), torch.randn(1, 2, 3, 3)):
        assert plan.read(torch.randn(1, 2, 3, 3)).shape == (1, 9, 2)


@pytest.mark.parametrize(
    ("kind", "wrong", "message"),
    [
        (QSAttnGlobalSampler, {"num": 0}, "num must be an integer above 0"),
        (QSAttnGlobalSampler, {"random_layers": -1}, "random_layers must be an integer of at least 0"),
        (QSAttnLocalGlobalSampler, {"window": 6}, "window must be odd, not 6"),
    ],
)
def test_wrong_arguments_are_named(kind, wrong, message):
    with pytest.raises(ValueError, match=message):
        kind(**wrong)
