import pytest
import torch
from torch import Tensor

from i2ikit.interfaces import Read
from i2ikit.samplers.discriminative_attention import DiscriminativeAttentionSampler, ExtremeScoreSampler

BOTH = [DiscriminativeAttentionSampler, ExtremeScoreSampler]


def scores(images: int = 2, height: int = 8, width: int = 8) -> Tensor:
    """Logits without ties, in another order for each image."""
    generator = torch.Generator().manual_seed(3)
    ranks = [torch.randperm(height * width, generator=generator) for _ in range(images)]
    return torch.stack(ranks).reshape(images, 1, height, width).float()


def pool_of(step, layer: int, image: int, size: int, count: int) -> list[int]:
    return step.permutation(f"pool/{layer}/{image}", size, count).tolist()


@pytest.mark.parametrize("sampler", BOTH)
def test_the_first_half_are_the_lowest_scores_of_the_pool_image_by_image(sampler, fake_step, maps):
    logits = scores()
    step = fake_step(logits)
    (plan,) = sampler("b", "ab(a)", num=8, pool=4).plan(step, maps((8, 8)), maps((8, 8)))
    assert plan.ids.shape == (2, 8)
    for image in range(2):
        score = logits[image].flatten()
        pool = pool_of(step, 0, image, 64, 32)
        assert plan.ids[image, :4].tolist() == sorted(pool, key=lambda position: score[position].item())[:4]
    assert plan.ids[0].tolist() != plan.ids[1].tolist()


def test_the_extreme_half_are_the_highest_scores_of_the_same_pool(fake_step, maps):
    logits = scores(images=1)
    step = fake_step(logits)
    (plan,) = ExtremeScoreSampler("b", "ab(a)", num=8).plan(step, maps((8, 8), images=1), maps((8, 8), images=1))
    score = logits.flatten()
    ranked = sorted(pool_of(step, 0, 0, 64, 32), key=lambda position: score[position].item())
    assert plan.ids[0].tolist() == ranked[:4] + ranked[-4:]


def test_the_random_half_does_not_follow_the_score(fake_step, maps):
    sampler = DiscriminativeAttentionSampler("b", "ab(a)", num=8)
    plans = [sampler.plan(fake_step(logits), maps((8, 8)), maps((8, 8)))[0] for logits in (scores(), -scores())]
    assert torch.equal(plans[0].ids[:, 4:], plans[1].ids[:, 4:])
    assert not torch.equal(plans[0].ids[:, :4], plans[1].ids[:, :4])
    assert all(len(set(row.tolist())) == 4 for row in plans[0].ids[:, 4:])


@pytest.mark.parametrize(("fraction", "guided"), [(0.0, 9), (0.5, 5), (1.0, 0)])
@pytest.mark.parametrize("sampler", BOTH)
def test_the_random_fraction_is_rounded_down(sampler, fraction, guided, fake_step, maps):
    logits = scores()
    step = fake_step(logits)
    (plan,) = sampler("b", "x", num=9, random_fraction=fraction).plan(step, maps((8, 8)), maps((8, 8)))
    score, pool = logits[0].flatten(), pool_of(step, 0, 0, 64, 36)
    assert plan.ids.shape == (2, 9)
    assert plan.ids[0, :guided].tolist() == sorted(pool, key=lambda position: score[position].item())[:guided]


@pytest.mark.parametrize("sampler", BOTH)
def test_a_smaller_map_gives_as_many_positions_as_it_has(sampler, fake_step, maps):
    (plan,) = sampler("b", "ab(a)", num=256).plan(fake_step(scores()), maps((3, 4)), maps((3, 4)))
    assert plan.ids.shape == (2, 12)
    assert 0 <= plan.ids.min() <= plan.ids.max() < 12


def test_scores_are_interpolated_to_the_size_of_each_query(fake_step, maps):
    logits = torch.tensor([[0.0, 1.0], [2.4, 3.4]])[None, None]
    sampler = DiscriminativeAttentionSampler("b", "ab(a)", num=4, pool=100, random_fraction=0.0)
    small, large = sampler.plan(fake_step(logits), maps((9, 9), (9, 9), images=1), maps((2, 2), (4, 4), images=1))
    assert small.ids.tolist() == [[0, 1, 2, 3]]
    # half-pixel centers: the columns add 0, 0.25, 0.75, 1 and the rows 0, 0.6, 1.8, 2.4
    assert large.ids.tolist() == [[0, 1, 4, 2]]


def test_the_first_scale_of_several_guides(fake_step, maps):
    sampler = DiscriminativeAttentionSampler("b", "ab(a)", num=4)
    alone = sampler.plan(fake_step(scores()), maps((8, 8)), maps((8, 8)))
    several = sampler.plan(fake_step(scores(), -scores(height=4, width=4)), maps((8, 8)), maps((8, 8)))
    assert torch.equal(alone[0].ids, several[0].ids)


@pytest.mark.parametrize("sampler", BOTH)
def test_the_logits_are_read_without_gradient(sampler, fake_step, maps):
    step = fake_step(scores().requires_grad_(True))
    part = sampler("b", "ab(a)")
    (plan,) = part.plan(step, maps((8, 8)), maps((8, 8)))
    assert part.reads() == [Read.logits_of("b", "ab(a)", grad=False)]
    assert step.asked == [("b", "ab(a)", False)]
    assert not plan.ids.requires_grad


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num": 0}, "num must be an integer above 0, not 0"),
        ({"pool": 0.5}, r"pool must be an integer above 0, not 0\.5"),
        ({"random_fraction": 1.5}, r"random_fraction must be in 0\.\.1, not 1\.5"),
        ({"random_fraction": "half"}, r"random_fraction must be in 0\.\.1, not 'half'"),
    ],
)
@pytest.mark.parametrize("sampler", BOTH)
def test_a_wrong_argument_is_named_with_its_value(sampler, arguments, message):
    with pytest.raises(ValueError, match=message):
        sampler("b", "ab(a)", **arguments)
