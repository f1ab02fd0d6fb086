import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.errors import ShapeError
from i2ikit.generators.unet import UNetGenerator


def parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


@pytest.mark.parametrize(("downs", "count"), [(8, 54_413_955), (7, 41_828_995)])
def test_the_published_parameter_counts_with_batch_norm(downs: int, count: int) -> None:
    with torch.device("meta"):
        assert parameters(UNetGenerator(downs=downs)) == count


def test_every_tap_has_its_published_shape() -> None:
    with torch.device("meta"):
        net = UNetGenerator(downs=7)
        taps = net.trace(torch.empty(1, 3, 128, 128), net.tap_names)
    widths = [64, 128, 256, 512, 512, 512, 512, 512, 512, 512, 256, 128, 64, 3]
    sizes = [64, 32, 16, 8, 4, 2, 1, 2, 4, 8, 16, 32, 64, 128]
    names = [*(f"down{n}" for n in range(1, 8)), *(f"up{n}" for n in range(1, 7)), "out"]
    assert list(net.tap_names) == names
    assert net.widths(names) == widths
    assert [tuple(taps[name].shape) for name in names] == [
        (1, width, size, size) for width, size in zip(widths, sizes, strict=True)
    ]


def slow_unet(net: UNetGenerator, x: Tensor, level: int = 1, levels: int = 3) -> Tensor:
    """The published nesting: a block changes its input in place by LeakyReLU, then hands it across."""
    down = net.stages.get_submodule(f"down{level}.conv")
    up = net.stages.get_submodule("out.conv" if level == 1 else f"up{levels - level + 1}.conv")
    assert isinstance(down, nn.Conv2d)
    assert isinstance(up, nn.ConvTranspose2d)
    x = x if level == 1 else F.leaky_relu(x, 0.2)
    inner = F.conv2d(x, down.weight, down.bias, stride=2, padding=1)
    if level < levels:
        inner = inner if level == 1 else F.instance_norm(inner)
        inner = slow_unet(net, inner, level + 1, levels)
    out = F.conv_transpose2d(inner.relu(), up.weight, up.bias, stride=2, padding=1)
    return out.tanh() if level == 1 else torch.cat([x, F.instance_norm(out)], 1)


def test_the_image_is_that_of_the_published_nesting() -> None:
    torch.manual_seed(0)
    net = UNetGenerator(filters=4, downs=3, norm="instance", init="kaiming").double()
    x = torch.rand(2, 3, 16, 24, dtype=torch.float64) * 2 - 1
    torch.testing.assert_close(net(x), slow_unet(net, x))


def test_dropout_sits_in_the_published_steps_only() -> None:
    with torch.device("meta"):
        net = UNetGenerator(downs=8, dropout=True)
    dropped = [name for name, module in net.named_modules() if isinstance(module, nn.Dropout)]
    assert dropped == ["stages.up2.dropout", "stages.up3.dropout", "stages.up4.dropout"]


def test_tracing_an_early_tap_runs_no_later_stage() -> None:
    net = UNetGenerator(filters=2, downs=3, norm="instance")
    ran: list[str] = []
    for name, stage in net.stages.named_children():
        stage.register_forward_hook(lambda *_, name=name: ran.append(name))
    net.trace(torch.rand(1, 3, 16, 16), ("up1",))
    assert ran == ["down1", "down2", "down3", "up1"]


def test_the_gradient_reaches_every_weight() -> None:
    torch.manual_seed(0)
    net = UNetGenerator(filters=2, downs=3, norm="instance", init="kaiming")
    net(torch.rand(2, 3, 16, 16)).square().sum().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        if name.endswith("weight"):
            assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
@pytest.mark.parametrize("channels", [1, 5])
def test_norms_and_channels(norm: str, channels: int) -> None:
    net = UNetGenerator(channels, channels, filters=2, downs=2, norm=norm)
    assert net(torch.rand(2, channels, 8, 8)).shape == (2, channels, 8, 8)


def test_a_size_that_cannot_be_halved_so_often_is_refused() -> None:
    net = UNetGenerator(filters=2, downs=4, norm="instance")
    with pytest.raises(ShapeError, match=r"UNetGenerator needs .* multiples of 16, got 32 x 24"):
        net(torch.zeros(1, 3, 32, 24))
    with pytest.raises(ShapeError, match="at least 16, got 8 x 16"):
        net(torch.zeros(1, 3, 8, 16))


def test_one_step_down_is_too_few() -> None:
    with pytest.raises(ValueError, match="downs must be at least 2, not 1"):
        UNetGenerator(downs=1)


def test_taps_inside_stages_know_their_widths() -> None:
    net = UNetGenerator(filters=2, downs=4)
    taps = net.trace(torch.rand(1, 3, 16, 16), net.inner_tap_names)
    assert net.widths(taps) == [value.shape[1] for value in taps.values()]
