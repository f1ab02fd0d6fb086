import pytest
import torch

from i2ikit.samplers.random import RandomSampler


def test_positions_are_in_the_map_without_replacement_and_shared_by_the_images(fake_step, maps):
    (plan,) = RandomSampler(30).plan(fake_step(), maps((6, 7)), maps((6, 7)))
    assert plan.ids.shape == (30,)
    assert len(set(plan.ids.tolist())) == 30
    assert 0 <= plan.ids.min() <= plan.ids.max() < 42


def test_a_smaller_map_gives_all_of_its_positions(fake_step, maps):
    (plan,) = RandomSampler(256).plan(fake_step(), maps((3, 4)), maps((3, 4)))
    assert sorted(plan.ids.tolist()) == list(range(12))


def test_layers_have_different_positions(fake_step, maps):
    first, second = RandomSampler(16).plan(fake_step(), maps((8, 8), (8, 8)), maps((8, 8), (8, 8)))
    assert first.ids.tolist() != second.ids.tolist()


def test_every_position_is_as_likely_as_any_other(fake_step, maps):
    counts = torch.zeros(16)
    for seed in range(400):
        (plan,) = RandomSampler(4).plan(fake_step(seed=seed), maps((4, 4)), maps((4, 4)))
        counts[plan.ids.cpu()] += 1
    assert counts.sum() == 1600
    assert (counts - 100).abs().max() < 45  # 5 standard deviations of a binomial with n 400 and p 1/4


def test_it_reads_nothing_but_the_features():
    assert RandomSampler().reads() == []


@pytest.mark.parametrize("num", [0, -1, 2.5, True])
def test_the_number_of_positions_must_be_a_positive_integer(num):
    with pytest.raises(ValueError, match=f"num must be an integer above 0, not {num!r}"):
        RandomSampler(num)
