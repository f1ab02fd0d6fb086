import pytest
import torch
import torch.nn.functional as F

from i2ikit.discriminators.multi_scale import MultiScaleDiscriminator
from i2ikit.errors import ShapeError


def test_each_scale_scores_a_smaller_copy_with_its_own_weights() -> None:
    torch.manual_seed(0)
    net = MultiScaleDiscriminator(filters=2, scales=3, layers=2, init="kaiming").double()
    x = torch.rand(1, 3, 64, 56, dtype=torch.float64)
    scores = net(x)
    for scale, score in zip(net.scales, scores, strict=True):
        torch.testing.assert_close(score, scale(x))
        x = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
    assert not torch.equal(net.scales[0].stages.score.weight, net.scales[1].stages.score.weight)


def test_the_sizes_at_256_pixels() -> None:
    with torch.device("meta"):
        scores = MultiScaleDiscriminator()(torch.empty(1, 3, 256, 256))
    assert [tuple(score.shape) for score in scores] == [(1, 1, 30, 30), (1, 1, 14, 14), (1, 1, 6, 6)]


def test_the_smallest_image_gives_the_last_scale_one_score() -> None:
    net = MultiScaleDiscriminator(filters=2, scales=2, layers=2)
    assert net(torch.rand(1, 3, 24, 24))[-1].shape == (1, 1, 1, 1)
    with pytest.raises(ShapeError, match=r"MultiScaleDiscriminator needs .* at least 24, got 23 x 24"):
        net(torch.rand(1, 3, 23, 24))


def test_the_gradient_reaches_every_scale() -> None:
    net = MultiScaleDiscriminator(filters=2, scales=2, layers=1, init="kaiming")
    sum(score.sum() for score in net(torch.rand(2, 3, 32, 32))).backward()  # type: ignore[union-attr]
    assert all(parameter.grad is not None for parameter in net.parameters())


def test_no_scales_are_refused() -> None:
    with pytest.raises(ValueError, match="scales must be an integer above 0, not 0"):
        MultiScaleDiscriminator(scales=0)


def test_layers_of_every_scale_are_taps():
    torch.manual_seed(0)
    net = MultiScaleDiscriminator(scales=2, filters=2, layers=1, init="kaiming")
    x = torch.rand(1, 3, 32, 32)
    found = net.trace(x, ["scale1_layer1", "out"])
    assert set(found) == {"scale1_layer1", "out"}
    assert found["scale1_layer1"].shape == (1, *net.widths(["scale1_layer1"]), 8, 8)
    for one, other in zip(found["out"], net(x), strict=True):
        assert torch.equal(one, other)
