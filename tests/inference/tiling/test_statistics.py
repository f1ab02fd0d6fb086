import torch

from i2ikit.inference.tiling.statistics import GivenMoments, JointMoments, Total, measure


def test_statistics_of_parts_are_those_of_the_whole():
    torch.manual_seed(0)
    maps = torch.randn(1, 3, 2, 10, 8) * 5 + 100
    total = Total()
    for top, bottom, left, right in ((0, 0.3, 0, 1), (0.3, 1, 0, 0.5), (0.3, 1, 0.5, 1)):
        total.add(measure(maps, (top, bottom, left, right)))
    mean, variance = total.moments()
    assert torch.allclose(mean, maps.mean((0, 2, 3, 4))[None])
    assert torch.allclose(variance, maps.var((0, 2, 3, 4), correction=0)[None])


def test_a_region_of_a_small_map_has_at_least_one_position():
    maps = torch.arange(4.0).view(1, 1, 1, 2, 2)
    assert measure(maps, (0.9, 1, 0.9, 1)).mean.tolist() == [3]
    assert measure(maps, (0.4, 0.6, 0, 0.1)).values == 1


def test_joint_statistics_are_given_to_later_calls_in_the_same_order():
    joint = JointMoments()
    maps = [torch.tensor([1.0, 3.0]).view(2, 1, 1, 1, 1), torch.tensor([5.0, 5.0]).view(2, 1, 1, 1, 1)]
    for each in maps:
        joint("", each)
    given = GivenMoments(joint.found)
    found = [given("", torch.zeros(1)) for _ in range(4)]  # two calls of a network with two norms
    assert [moments.mean.item() for moments in found] == [2, 5, 2, 5]
    assert [moments.variance.item() for moments in found] == [1, 0, 1, 0]
