import pytest
import torch
import torch.nn.functional as F

from i2ikit.discriminators.patchgan import PatchGAN, PatchGANDiscriminator
from i2ikit.errors import ShapeError
from i2ikit.nn.blur import BlurDown


@pytest.mark.parametrize("antialias", [True, False])
def test_the_published_parameter_count_and_output_size(antialias: bool) -> None:
    with torch.device("meta"):
        net = PatchGANDiscriminator(antialias=antialias)
        assert net(torch.empty(2, 3, 256, 256)).shape == (2, 1, 30, 30)
    assert sum(parameter.numel() for parameter in net.parameters()) == 2_764_737


@pytest.mark.parametrize(("antialias", "field"), [(True, 84), (False, 70)])
def test_one_score_sees_the_published_field(antialias: bool, field: int) -> None:
    net = PatchGANDiscriminator(1, filters=2, antialias=antialias, norm="none", init="kaiming").double()
    for parameter in net.parameters():
        torch.nn.init.constant_(parameter, 0.1)  # all positive, so that nothing cancels
    x = torch.ones(1, 1, 128, 128, dtype=torch.float64, requires_grad=True)
    scores = net(x)
    scores[0, 0, 7, 7].backward()
    assert x.grad is not None
    seen = x.grad[0, 0].sum(0).nonzero().flatten()
    assert int(seen[-1] - seen[0] + 1) == field


def test_scores_are_eight_pixels_apart() -> None:
    net = PatchGANDiscriminator(1, filters=2, init="kaiming", norm="none").double()
    x = torch.rand(1, 1, 128, 128, dtype=torch.float64)
    near, far = net(x[..., :120]), net(x[..., 8:])
    torch.testing.assert_close(near[..., 6:8], far[..., 5:7])


def test_scores_are_raw() -> None:
    net = PatchGANDiscriminator(filters=4, init="kaiming")
    torch.nn.init.constant_(net.stages.score.bias, 7.0)
    assert net(torch.rand(1, 3, 32, 32)).mean() > 2


def test_the_first_and_last_convolution_always_have_a_bias() -> None:
    net = PatchGANDiscriminator(filters=2, norm="batch")
    convolutions = [name for name in net.state_dict() if name.endswith(("conv.bias", "score.bias"))]
    assert convolutions == ["stages.layer1.conv.bias", "stages.score.bias"]


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
@pytest.mark.parametrize("channels", [1, 5])
def test_norms_and_channels(norm: str, channels: int) -> None:
    net = PatchGANDiscriminator(channels, filters=2, norm=norm)
    assert net(torch.rand(2, channels, 32, 40)).shape == (2, 1, 2, 3)


def test_the_gradient_reaches_the_image_and_every_weight() -> None:
    torch.manual_seed(0)
    net, x = PatchGANDiscriminator(filters=2, init="kaiming"), torch.rand(2, 3, 32, 32, requires_grad=True)
    net(x).square().sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        if name.endswith("weight"):
            assert parameter.grad.abs().sum() > 0, name


def test_the_weights_follow_the_initializer() -> None:
    torch.manual_seed(0)
    net = PatchGANDiscriminator(filters=32, init="normal", init_gain=0.02)
    assert net.stages.layer4.conv.weight.std().item() == pytest.approx(0.02, rel=0.02)


def test_no_layers_are_refused() -> None:
    with pytest.raises(ValueError, match="layers must be an integer above 0, not 0"):
        PatchGANDiscriminator(layers=0)


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
    with pytest.raises(ShapeError, match=f"PatchGAN needs .* at least {net.smallest}, got "):
        net(torch.randn(1, 1, net.smallest - 1, net.smallest))


def test_layers_are_taps_and_a_pass_ends_at_the_last_one_wanted() -> None:
    net = PatchGANDiscriminator(filters=4).eval()
    x = torch.rand(1, 3, 32, 32)
    found = net.trace(x, ["layer3", "layer1"])
    assert {tap: value.shape[1] for tap, value in found.items()} == {"layer1": 4, "layer3": 16}
    assert net.widths(["layer3", "layer1", "out"]) == [16, 4, 1]
    assert torch.equal(net.trace(x, net.tap_names)["out"], net(x))
    with pytest.raises(ValueError, match=r"taps must be one of .*Nearest: 'layer1'"):
        net.trace(x, ["layr1"])


def test_a_condition_is_judged_together_with_the_image() -> None:
    torch.manual_seed(0)
    net = PatchGANDiscriminator(filters=2, layers=1, condition=1, init="kaiming")
    x, mask = torch.rand(1, 3, 16, 16), torch.rand(1, 1, 16, 16)
    plain = PatchGANDiscriminator(4, filters=2, layers=1)
    plain.load_state_dict(net.state_dict())
    assert torch.equal(net(x, mask), plain(torch.cat([x, mask], dim=1)))
    assert [(extra.name, extra.size) for extra in net.extra_inputs] == [("condition", 1)]
