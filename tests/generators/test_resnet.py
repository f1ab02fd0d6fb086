import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.errors import ShapeError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.nn.blur import BlurDown, BlurUp

TAPS = (
    *("pad", "stem", "down1_conv", "down1", "down2_conv", "down2"),
    *("block1", "block2", "block3", "block4", "block5", "block6", "block7", "block8", "block9"),
    *("up1", "up2", "out"),
)


def small(**changes: object) -> ResNetGenerator:
    torch.manual_seed(0)
    arguments: dict[str, object] = {"filters": 4, "blocks": 2, "init": "kaiming"} | changes
    return ResNetGenerator(**arguments)  # type: ignore[arg-type]


def parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize(("blocks", "count"), [(9, 11_378_179), (6, 7_837_699)])
def test_the_published_parameter_counts(blocks: int, count: int, antialias: bool) -> None:
    with torch.device("meta"):
        net = ResNetGenerator(blocks=blocks, antialias_down=antialias, antialias_up=antialias)
    assert parameters(net) == count


def test_the_taps_are_in_the_order_of_the_published_layers() -> None:
    with torch.device("meta"):
        assert ResNetGenerator().tap_names == TAPS


@pytest.mark.parametrize("antialias_down", [True, False])
@pytest.mark.parametrize("antialias_up", [True, False])
def test_every_tap_has_its_published_shape_at_64_pixels(antialias_down: bool, antialias_up: bool) -> None:
    with torch.device("meta"):
        net = ResNetGenerator(antialias_down=antialias_down, antialias_up=antialias_up)
        taps = net.trace(torch.empty(2, 3, 64, 64), net.tap_names)
    conv1, conv2 = (64, 32) if antialias_down else (32, 16)
    expected = {
        "pad": (2, 3, 70, 70),
        "stem": (2, 64, 64, 64),
        "down1_conv": (2, 128, conv1, conv1),
        "down1": (2, 128, 32, 32),
        "down2_conv": (2, 256, conv2, conv2),
        "down2": (2, 256, 16, 16),
        **{f"block{n}": (2, 256, 16, 16) for n in range(1, 10)},
        "up1": (2, 128, 32, 32),
        "up2": (2, 64, 64, 64),
        "out": (2, 3, 64, 64),
    }
    assert {name: tuple(value.shape) for name, value in taps.items()} == expected
    assert net.widths(TAPS) == [shape[1] for shape in expected.values()]


def slow_resnet(net: ResNetGenerator, x: Tensor, down: bool, up: bool) -> Tensor:
    """The published sequence, written as functions."""
    weights = iter(module for module in net.modules() if isinstance(module, nn.Conv2d | nn.ConvTranspose2d))

    def conv(x: Tensor, pad: int, stride: int = 1, mode: str = "constant") -> Tensor:
        layer = next(weights)
        return F.conv2d(F.pad(x, [pad] * 4, mode=mode), layer.weight, layer.bias, stride=stride)

    x = F.instance_norm(conv(x, 3, mode="reflect")).relu()
    for _ in range(2):
        x = F.instance_norm(conv(x, 1, stride=1 if down else 2)).relu()
        x = BlurDown()(x) if down else x
    for _ in range(2):
        inner = F.instance_norm(conv(x, 1, mode="reflect")).relu()
        x = x + F.instance_norm(conv(inner, 1, mode="reflect"))
    for _ in range(2):
        if up:
            x = conv(BlurUp()(x), 1)
        else:
            layer = next(weights)
            x = F.conv_transpose2d(x, layer.weight, layer.bias, stride=2, padding=1, output_padding=1)
        x = F.instance_norm(x).relu()
    return conv(x, 3, mode="reflect").tanh()


@pytest.mark.parametrize("down", [True, False])
@pytest.mark.parametrize("up", [True, False])
def test_the_image_is_that_of_the_published_sequence(down: bool, up: bool) -> None:
    net = small(antialias_down=down, antialias_up=up).double()
    x = torch.rand(2, 3, 16, 12, dtype=torch.float64) * 2 - 1
    torch.testing.assert_close(net(x), slow_resnet(net, x, down, up))


def test_tracing_an_early_tap_runs_no_later_stage() -> None:
    net = small()
    ran: list[str] = []
    for name, stage in net.stages.named_children():
        stage.register_forward_hook(lambda *_, name=name: ran.append(name))
    net.trace(torch.zeros(1, 3, 16, 16), ("down1", "stem"))
    assert ran == ["pad", "stem", "down1_conv", "down1"]


def test_a_tap_is_not_changed_by_the_stages_behind_it() -> None:
    net = small()
    x = torch.rand(1, 3, 16, 16)
    alone = {name: net.trace(x, (name,))[name] for name in net.tap_names}
    together = net.trace(x, net.tap_names)
    for name in net.tap_names:
        assert torch.equal(alone[name], together[name]), name


def test_the_gradient_reaches_the_image_and_every_weight() -> None:
    net = small()
    x = torch.rand(2, 3, 16, 16, requires_grad=True)
    net(x).square().sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        if name.endswith("weight"):
            assert parameter.grad.abs().sum() > 0, name


def test_an_early_tap_gives_later_stages_no_gradient() -> None:
    net = small()
    net.trace(torch.rand(2, 3, 16, 16), ("block1",))["block1"].square().sum().backward()
    graded = {name.split(".")[1] for name, parameter in net.named_parameters() if parameter.grad is not None}
    assert graded == {"stem", "down1_conv", "down2_conv", "block1"}


def test_input_skip_returns_almost_the_input_when_the_network_says_nothing() -> None:
    net = small(input_skip=True)
    nn.init.zeros_(net.stages.out.conv.weight)
    x = torch.rand(1, 3, 16, 16) * 2 - 1
    torch.testing.assert_close(net(x), 0.97 * x)


def test_input_skip_adds_before_the_tanh() -> None:
    plain, skipping = small().double(), small(input_skip=True).double()
    x = torch.rand(1, 3, 16, 16, dtype=torch.float64) * 2 - 1
    torch.testing.assert_close(skipping(x), torch.tanh(plain(x).atanh() + (0.97 * x).atanh()))


def test_input_skip_stays_finite_at_black_and_white() -> None:
    x = torch.tensor([-1.0, 1.0]).repeat(3, 8, 4)[None].requires_grad_()
    out = small(input_skip=True)(x)
    out.sum().backward()
    assert out.isfinite().all()
    assert x.grad is not None
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("option", ["input_skip", "mask"])
def test_what_adds_the_input_needs_as_many_channels_out_as_in(option: str) -> None:
    with pytest.raises(
        ValueError, match=rf"{option}=True needs .* in_channels=1 and out_channels=3: set {option}=False"
    ):
        small(in_channels=1, out_channels=3, **{option: True})


@pytest.mark.parametrize("input_skip", [True, False])
def test_a_mask_mixes_what_is_made_with_the_input(input_skip: bool) -> None:
    net = small(mask=True, input_skip=input_skip).double()
    plain = small(input_skip=input_skip).double()
    plain.load_state_dict({key: value for key, value in net.state_dict().items() if "stages.mask" not in key})
    x = torch.rand(2, 3, 16, 16, dtype=torch.float64) * 2 - 1
    taps = net.trace(x, ("mask", "out"))
    torch.testing.assert_close(taps["out"], taps["mask"] * plain(x) + (1 - taps["mask"]) * x)
    assert net.widths(["mask", "out"]) == [1, 3]


def test_a_mask_starts_almost_open_and_can_close() -> None:
    net = small(mask=True, init="normal", init_gain=1e-6)
    x = torch.rand(1, 3, 16, 16) * 2 - 1
    assert net.trace(x, ("mask",))["mask"].mean().item() == pytest.approx(1 / (1 + math.exp(-2)), abs=1e-3)
    nn.init.constant_(net.stages.mask.conv.bias, -200.0)
    assert net(x).equal(x)


def test_the_mask_is_made_of_the_last_and_the_first_features() -> None:
    net = small(mask=True)
    taps = net.trace(torch.rand(1, 3, 16, 16), ("stem", "up2", "mask"))
    made = net.stages.mask(torch.cat([taps["up2"], taps["stem"]], dim=1))
    torch.testing.assert_close(taps["mask"], made.sigmoid())


def test_the_loss_of_an_image_reaches_the_mask() -> None:
    net = small(mask=True)
    net(torch.rand(1, 3, 16, 16)).square().sum().backward()
    assert net.stages.mask.conv.weight.grad.abs().max() > 0


@pytest.mark.parametrize(("channels_in", "channels_out"), [(1, 1), (5, 2), (3, 1)])
def test_any_number_of_channels(channels_in: int, channels_out: int) -> None:
    net = small(in_channels=channels_in, out_channels=channels_out)
    assert net(torch.zeros(1, channels_in, 16, 16)).shape == (1, channels_out, 16, 16)
    assert net.widths(["pad", "out"]) == [channels_in, channels_out]


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
@pytest.mark.parametrize("padding", ["reflect", "replicate", "zero"])
def test_norms_and_paddings_give_a_bounded_image(norm: str, padding: str) -> None:
    out = small(norm=norm, padding=padding, dropout=True)(torch.rand(2, 3, 16, 16))
    assert out.shape == (2, 3, 16, 16)
    assert out.abs().max() <= 1


def test_only_the_last_convolution_has_a_bias_without_instance_norm() -> None:
    biases = [name for name in small(norm="batch").state_dict() if name.endswith("conv.bias")]
    assert biases == ["stages.out.conv.bias"]


def test_the_smallest_image_passes_in_training() -> None:
    assert small()(torch.rand(1, 3, 8, 8)).shape == (1, 3, 8, 8)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 3, 16, 18), "multiples of 4, got 16 x 18"),
        ((1, 3, 4, 16), "at least 8, got 4 x 16"),
        ((1, 4, 16, 16), r"images \(B, 3, H, W\), got \(1, 4, 16, 16\)"),
    ],
)
def test_wrong_images_are_refused_with_what_is_needed(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=f"ResNetGenerator needs .*{message}"):
        small()(torch.zeros(shape))


def test_an_unknown_tap_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"ResNetGenerator has no tap 'blok1'\. Nearest: 'block1'"):
        small().widths(["blok1"])


@pytest.mark.parametrize("name", ["in_channels", "out_channels", "filters", "blocks"])
def test_a_count_below_one_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be an integer above 0, not 0"):
        small(**{name: 0})


@pytest.mark.parametrize("init", ["normal", "xavier", "kaiming", "orthogonal"])
def test_every_initializer_works_without_memory(init: str) -> None:
    with torch.device("meta"):
        assert parameters(ResNetGenerator(init=init)) == 11_378_179


def test_taps_inside_stages_are_the_outputs_of_their_layers() -> None:
    net = small()
    x = torch.rand(1, 3, 16, 16)
    taps = net.trace(x, ("stem_conv", "stem_norm", "down1_relu", "up1_blur", "up1_conv", "out_pad", "up1"))
    torch.testing.assert_close(taps["stem_norm"], F.instance_norm(taps["stem_conv"]))
    torch.testing.assert_close(BlurDown()(taps["down1_relu"]), net.trace(x, ["down1"])["down1"])
    torch.testing.assert_close(
        F.conv2d(taps["up1_blur"], *net.stages.up1.conv.parameters(), padding=1), taps["up1_conv"]
    )
    assert taps["out_pad"].shape[-1] == x.shape[-1] + 6
    assert torch.equal(taps["up1"], net.trace(x, ["up1"])["up1"])


@pytest.mark.parametrize("antialias", [True, False])
def test_taps_inside_stages_know_their_widths(antialias: bool) -> None:
    net = small(antialias_up=antialias, antialias_down=antialias)
    taps = net.trace(torch.rand(1, 3, 16, 16), net.inner_tap_names)
    assert net.widths(taps) == [value.shape[1] for value in taps.values()]
    assert list(taps) == list(net.inner_tap_names)
