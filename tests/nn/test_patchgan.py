import pytest
import torch
import torch.nn.functional as F

from i2ikit.nn.blur import BlurDown
from i2ikit.nn.patchgan import PatchGAN


def convolutions(net: PatchGAN) -> list[torch.nn.Conv2d]:
    return [module for module in net.modules() if isinstance(module, torch.nn.Conv2d)]


@pytest.mark.parametrize("antialias", [True, False])
def test_the_layers_follow_the_published_order(antialias: bool) -> None:
    net = PatchGAN(3, filters=4, layers=2, antialias=antialias, norm="instance").double()
    x = value = torch.randn(1, 3, 32, 24, dtype=torch.float64)
    for n, conv in enumerate(convolutions(net)):
        halves = n < 2
        stride = 2 if halves and not antialias else 1
        value = F.conv2d(value, conv.weight, conv.bias, stride=stride, padding=1)
        if n == 3:
            break
        value = F.leaky_relu(F.instance_norm(value) if n else value, 0.2)
        value = BlurDown()(value) if halves and antialias else value
    torch.testing.assert_close(net(x), value)


def test_widths_double_up_to_eight_times() -> None:
    net = PatchGAN(3, filters=2, layers=5, antialias=True, norm="instance")
    assert [conv.out_channels for conv in convolutions(net)] == [2, 4, 8, 16, 16, 16, 1]


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_smallest_image_gives_one_score(layers: int, antialias: bool) -> None:
    net = PatchGAN(1, filters=2, layers=layers, antialias=antialias, norm="instance")
    assert net(torch.randn(1, 1, net.smallest, net.smallest)).shape == (1, 1, 1, 1)
    with pytest.raises(ValueError, match=f"at least {net.smallest}"):
        net(torch.randn(1, 1, net.smallest - 1, net.smallest))
