import pytest
import torch

from i2ikit.discriminators.pixel import PixelDiscriminator
from i2ikit.errors import ShapeError


def test_the_published_parameter_count() -> None:
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in PixelDiscriminator().parameters()) == 8_705


def test_there_is_one_score_per_pixel_and_it_sees_no_other() -> None:
    net = PixelDiscriminator(filters=4, norm="none", init="kaiming")
    x = torch.rand(1, 3, 5, 7, requires_grad=True)
    scores = net(x)
    assert scores.shape == (1, 1, 5, 7)
    scores[0, 0, 2, 3].backward()
    assert x.grad is not None
    assert x.grad.abs().sum(1).nonzero().tolist() == [[0, 2, 3]]


def test_the_layers_follow_the_published_order() -> None:
    net = PixelDiscriminator(filters=4, init="kaiming").double()
    x = torch.rand(2, 3, 4, 4, dtype=torch.float64)
    inner = torch.nn.functional.leaky_relu(net.conv1(x), 0.2)
    inner = torch.nn.functional.leaky_relu(torch.nn.functional.instance_norm(net.conv2(inner)), 0.2)
    torch.testing.assert_close(net(x), net.score(inner))


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
@pytest.mark.parametrize("channels", [1, 5])
def test_norms_and_channels(norm: str, channels: int) -> None:
    assert PixelDiscriminator(channels, filters=2, norm=norm)(torch.rand(2, channels, 4, 4)).shape == (2, 1, 4, 4)


def test_wrong_channels_are_named() -> None:
    with pytest.raises(ShapeError, match=r"PixelDiscriminator needs images \(B, 3, H, W\), got \(1, 1, 4, 4\)"):
        PixelDiscriminator(filters=2)(torch.zeros(1, 1, 4, 4))
