import pytest
import torch
from torch import nn

from i2ikit.inference.norm_statistics import ruled
from i2ikit.inference.sequences.smoothing import SmoothedMoments


def test_statistics_are_averaged_over_the_frames_so_far():
    rule = SmoothedMoments(0.75)
    frames = torch.tensor([0.0, 8.0, 16.0]).view(3, 1, 1, 1, 1).expand(3, 2, 1, 4, 4)
    first = rule("norm", frames[:2])
    second = rule("norm", frames[2:])
    assert first.mean.tolist() == [[0, 0], [2, 2]]  # 0.75 * 0 + 0.25 * 8
    assert second.mean.tolist() == [[5.5, 5.5]]  # 0.75 * 2 + 0.25 * 16
    assert second.variance.tolist() == [[0, 0]]


def test_each_norm_has_its_own_average_until_it_is_forgotten():
    rule = SmoothedMoments(0.5)
    maps = torch.ones(1, 1, 1, 2, 2)
    rule("first", maps)
    assert rule("second", 3 * maps).mean.item() == 3
    assert rule("first", 3 * maps).mean.item() == 2
    rule.forget()
    assert rule("first", 5 * maps).mean.item() == 5


def test_without_smoothing_a_network_is_what_it_was():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.InstanceNorm2d(4), nn.ReLU()).eval()
    x = torch.rand(3, 3, 8, 8)
    with torch.inference_mode():
        assert torch.allclose(ruled(network, SmoothedMoments(0))(x), network(x), atol=1e-5)


def test_a_jump_of_contrast_changes_the_output_less_at_first():
    network = nn.Sequential(nn.InstanceNorm2d(1)).eval()
    frame = torch.linspace(-1, 1, 16).view(1, 1, 4, 4)
    smooth = ruled(network, SmoothedMoments(0.9))
    with torch.inference_mode():
        smooth(frame)
        spread = smooth(0.5 * frame).std() / network(frame).std()
    assert spread.item() == pytest.approx(0.5 / (0.9 + 0.1 * 0.25) ** 0.5, rel=1e-3)
