import pytest
import torch

from i2ikit.discriminators.stylegan2 import StyleGAN2Discriminator
from i2ikit.errors import ShapeError


def test_the_published_parameter_count() -> None:
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in StyleGAN2Discriminator().parameters()) == 5_885_473


def test_there_is_one_raw_score_per_image() -> None:
    torch.manual_seed(0)
    net = StyleGAN2Discriminator(filters=2, size=16)
    assert net(torch.rand(3, 3, 16, 16)).shape == (3, 1, 1, 1)


def test_images_of_a_batch_do_not_see_each_other() -> None:
    torch.manual_seed(0)
    net, x = StyleGAN2Discriminator(filters=2, size=16).double(), torch.rand(3, 3, 16, 16, dtype=torch.float64)
    torch.testing.assert_close(net(x)[1:2], net(x[1:2]))


def test_the_widths_follow_the_published_table() -> None:
    with torch.device("meta"):
        net = StyleGAN2Discriminator(filters=8, size=64)
    widths = [net.stem.conv.weight.shape[0], *(block.conv2.conv.weight.shape[0] for block in net.blocks)]
    assert widths == [32, 64, 128, 256, 384]


def test_a_penalty_on_the_gradient_can_be_differentiated() -> None:
    torch.manual_seed(0)
    net, x = StyleGAN2Discriminator(filters=1, size=8).double(), torch.rand(2, 3, 8, 8, dtype=torch.float64)
    x.requires_grad_()
    (slope,) = torch.autograd.grad(net(x).sum(), x, create_graph=True)
    slope.square().sum().backward()
    assert net.stem.conv.weight.grad is not None
    assert net.stem.conv.weight.grad.abs().sum() > 0


def test_an_image_of_another_size_is_refused() -> None:
    with pytest.raises(
        ShapeError, match="StyleGAN2Discriminator was built for images of 16 x 16 pixels, its `size`, got 16 x 32"
    ):
        StyleGAN2Discriminator(filters=1, size=16)(torch.zeros(1, 3, 16, 32))


def test_a_size_that_is_no_power_of_two_is_refused() -> None:
    with pytest.raises(ValueError, match=r"size must be one of 8, 16, .* not 60"):
        StyleGAN2Discriminator(size=60)


@pytest.mark.parametrize("channels", [1, 5])
def test_any_number_of_channels(channels: int) -> None:
    assert StyleGAN2Discriminator(channels, filters=1, size=8)(torch.rand(1, channels, 8, 8)).shape == (1, 1, 1, 1)
