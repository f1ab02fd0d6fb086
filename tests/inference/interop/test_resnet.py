"""The published ResNet generator, rebuilt here from its description, against ours with its weights."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.errors import ConfigError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.generators.stylegan2 import StyleGAN2Generator
from i2ikit.generators.unet import UNetGenerator
from i2ikit.inference.interop import detect, fit, published_taps, unfit

pytestmark = pytest.mark.slow


class Down(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        row = torch.tensor([1.0, 2.0, 1.0])
        self.register_buffer("filt", (row[:, None] * row / 16).expand(channels, 1, 3, 3).clone())

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(F.pad(x, (1, 1, 1, 1), "reflect"), self.filt, stride=2, groups=x.shape[1])


class Up(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        row = torch.tensor([1.0, 3.0, 3.0, 1.0])
        self.register_buffer("filt", (row[:, None] * row / 16).expand(channels, 1, 4, 4).clone())

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, (1, 1, 1, 1), "replicate")
        return F.conv_transpose2d(x, self.filt, stride=2, padding=2, groups=x.shape[1])[..., 1:-1, 1:-1]


class Block(nn.Module):
    def __init__(self, width: int, norm: type[nn.Module], bias: bool, dropout: bool) -> None:
        super().__init__()
        half = lambda: [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), norm(width)]  # noqa: E731
        middle = [nn.ReLU(True), *([nn.Dropout(0.5)] if dropout else [])]
        self.conv_block = nn.Sequential(*half(), *middle, *half())

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


class Published(nn.Module):
    """One flat sequence ``model`` whose ReLUs write over their input."""

    def __init__(
        self,
        *,
        blocks: int = 2,
        down: bool = True,
        up: bool = True,
        norm: type[nn.Module] = nn.InstanceNorm2d,
        bias: bool = True,
        dropout: bool = False,
        channels: tuple[int, int] = (3, 3),
    ) -> None:
        super().__init__()
        f = 4
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(channels[0], f, 7, bias=bias), norm(f), nn.ReLU(True)]
        for width in (f, 2 * f):
            layers += [nn.Conv2d(width, 2 * width, 3, 1 if down else 2, 1, bias=bias), norm(2 * width), nn.ReLU(True)]
            layers += [Down(2 * width)] if down else []
        layers += [Block(4 * f, norm, bias, dropout) for _ in range(blocks)]
        for width in (4 * f, 2 * f):
            if up:
                layers += [Up(width), nn.Conv2d(width, width // 2, 3, 1, 1, bias=bias)]
            else:
                layers += [nn.ConvTranspose2d(width, width // 2, 3, 2, 1, 1, bias=bias)]
            layers += [norm(width // 2), nn.ReLU(True)]
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(f, channels[1], 7), nn.Tanh())

    def features(self, x: Tensor, numbers: list[int], encode_only: bool) -> list[Tensor]:
        """Collect the outputs of the numbered layers, as tensors that later layers may write over."""
        found = []
        for number, layer in enumerate(self.model):
            x = layer(x)
            if number in numbers:
                found.append(x)
            if encode_only and number == numbers[-1]:
                break
        return found


def random_weights(network: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    for name, value in network.state_dict().items():
        if "filt" not in name and value.is_floating_point():
            value.copy_(torch.rand(value.shape) * 0.6 - (0.0 if "running_var" in name or "norm" in name else 0.25))
    return network.eval()


def affine(width: int) -> nn.Module:
    return nn.InstanceNorm2d(width, affine=True)


def imported(published: nn.Module) -> ResNetGenerator:
    state = published.state_dict()
    _, config = detect(state, "file")
    network = ResNetGenerator(**{key: value for key, value in config.items() if key != "type"})
    network.load_state_dict(fit(network, state, "file"))
    return network.eval()


ARCHITECTURES = [
    *({"down": down, "up": up, "blocks": blocks} for down, up, blocks in itertools.product((0, 1), (0, 1), (1, 4))),
    {"dropout": True},
    {"channels": (1, 2)},
    {"norm": nn.BatchNorm2d, "bias": False},
    {"norm": affine},
    {"norm": lambda width: nn.Identity(), "bias": False},
]


@pytest.mark.parametrize("arguments", ARCHITECTURES)
def test_imported_weights_give_the_published_image_and_are_exported_bitwise(arguments: dict[str, object]) -> None:
    published = random_weights(Published(**arguments))  # type: ignore[arg-type]
    network = imported(published)
    x = torch.rand(2, network.in_channels, 64, 64) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(network(x), published.model(x), rtol=1e-4, atol=1e-5)
    state, back = published.state_dict(), unfit(network)
    assert list(back) == list(state)
    assert all(torch.equal(back[name], state[name]) and back[name].dtype == state[name].dtype for name in state)


def test_the_architecture_is_detected_from_names_and_shapes() -> None:
    published = Published(blocks=4, down=False, up=True, dropout=True, channels=(1, 2))
    assert detect(published.state_dict(), "file") == (
        "generators",
        {
            "type": "ResNetGenerator",
            "in_channels": 1,
            "out_channels": 2,
            "filters": 4,
            "blocks": 4,
            "antialias_down": False,
            "antialias_up": True,
            "norm": "instance",
            "dropout": True,
            "padding": "reflect",
        },
    )


def test_affine_instance_norms_without_biases_before_them_are_the_same_function() -> None:
    published = random_weights(Published(norm=affine, bias=False))
    network = imported(published)
    assert not network.stages.stem.conv.bias.any()
    x = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(network(x), published.model(x), rtol=1e-4, atol=1e-5)


def test_running_statistics_of_old_instance_norms_are_left_out() -> None:
    old = Published(norm=lambda width: nn.InstanceNorm2d(width, track_running_stats=True))
    network = imported(old)
    assert network.stages.stem.norm.running_mean is None
    new = {name: value for name, value in old.state_dict().items() if "running" not in name and "batches" not in name}
    assert list(unfit(network)) == list(new)


@pytest.mark.parametrize("encode_only", [True, False])
@pytest.mark.parametrize("down", [True, False])
@pytest.mark.parametrize("norm", [nn.InstanceNorm2d, lambda width: nn.Identity()])
@pytest.mark.parametrize("last", range(1, 21))
def test_a_published_layer_number_reads_what_the_published_code_reads(
    encode_only: bool, down: bool, norm: type[nn.Module], last: int
) -> None:
    """Among it the features that an in-place ReLU has written over, and the last one, which it has not reached."""
    published = random_weights(Published(down=down, norm=norm, bias=norm is nn.InstanceNorm2d))
    network = imported(published)
    x = torch.rand(1, 3, 16, 16) * 2 - 1
    numbers = list(range(last + 1))
    with torch.no_grad():
        expected = published.features(x, numbers, encode_only)
        taps = published_taps(network, numbers, encode_only=encode_only)
        found = network.trace(x, taps)
    for number, tap, value in zip(numbers, taps, expected, strict=True):
        torch.testing.assert_close(found[tap], value, rtol=1e-4, atol=1e-5, msg=lambda text, n=number: f"{n}: {text}")


def test_taps_are_in_the_order_of_the_layers() -> None:
    network = ResNetGenerator(filters=2)
    assert published_taps(network, [16, 0, 4]) == ["pad", "down1_conv", "block5"]
    assert published_taps(network, [3, 7, 13, 18, 24, 28], encode_only=False) == [
        *("stem", "down1", "block2"),
        *("block7", "up1", "up2"),
    ]


def test_stylegan2_numbers_are_those_of_its_encoder() -> None:
    assert published_taps(StyleGAN2Generator(filters=2), [0, 2, 4]) == ["input", "down1", "block2"]


def test_numbers_beyond_the_layers_are_named() -> None:
    with pytest.raises(ConfigError, match=r"no layer 32; there are 0\.\.31"):
        published_taps(ResNetGenerator(filters=2), [0, 32])
    with pytest.raises(ConfigError, match="UNetGenerator has no published layer numbers"):
        published_taps(UNetGenerator(filters=2, downs=3), [0])
