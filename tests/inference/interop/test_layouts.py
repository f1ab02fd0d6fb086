"""Layouts of the published networks besides the ResNet generator."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.build import Builder
from i2ikit.discriminators.multi_scale import MultiScaleDiscriminator
from i2ikit.discriminators.patchgan import PatchGANDiscriminator
from i2ikit.discriminators.pixel import PixelDiscriminator
from i2ikit.errors import CheckpointError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.generators.stylegan2 import StyleGAN2Generator
from i2ikit.generators.unet import UNetGenerator
from i2ikit.heads.projection_prediction import ProjectionPredictionHead
from i2ikit.inference.interop import detect, fit, layout_of, unfit
from i2ikit.inference.interop.detection import head_widths
from i2ikit.registry import DISCRIMINATORS, GENERATORS, HEADS

CASES = Path(__file__).parents[2] / "parity" / "cases"
FILES = sorted(CASES.glob("*/*.pth"))
REGISTRIES = {"generators": GENERATORS, "discriminators": DISCRIMINATORS, "heads": HEADS}


def imported(state: dict[str, Tensor]) -> nn.Module:
    """Build the network that a state dict is detected as, with its weights."""
    kind, config = detect(state, "file")
    builder = Builder()
    given = {"widths": head_widths(state)} if kind == "heads" else {}
    network = builder.part(REGISTRIES[kind], config, "network", **given)
    assert network is not None, builder.errors
    network.load_state_dict(fit(network, state, "file"))
    return network.eval()


def assert_bitwise(network: nn.Module, state: dict[str, Tensor]) -> None:
    back = unfit(network)
    assert list(back) == list(state)
    assert all(torch.equal(back[name], state[name]) and back[name].dtype == state[name].dtype for name in state)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_files_of_published_runs_are_exported_as_they_were_imported(path: Path) -> None:
    state = torch.load(path, weights_only=True)
    assert_bitwise(imported(state), state)


class Nested(nn.Module):
    """One level of the published U-Net: activations that write over their input, and a skip around all of it."""

    def __init__(self, layers: list[nn.Module], outermost: bool = False) -> None:
        super().__init__()
        self.model = nn.Sequential(*layers)
        self.outermost = outermost

    def forward(self, x: Tensor) -> Tensor:
        y = self.model(x)
        return y if self.outermost else torch.cat([x, y], 1)


class PublishedUNet(nn.Module):
    def __init__(self, downs: int, norm: type[nn.Module], bias: bool) -> None:
        super().__init__()
        widths = [4 * min(2**n, 8) for n in range(downs)]
        down = lambda n: nn.Conv2d(widths[n - 1], widths[n], 4, 2, 1, bias=bias)  # noqa: E731
        up = lambda n, times: nn.ConvTranspose2d(times * widths[n], widths[n - 1], 4, 2, 1, bias=bias)  # noqa: E731
        leaky, relu = (lambda: nn.LeakyReLU(0.2, True)), (lambda: nn.ReLU(True))
        last = downs - 1
        level = Nested([leaky(), down(last), relu(), up(last, 1), norm(widths[last - 1])])
        for n in range(last - 1, 0, -1):
            level = Nested([leaky(), down(n), norm(widths[n]), level, relu(), up(n, 2), norm(widths[n - 1])])
        first, final = nn.Conv2d(3, 4, 4, 2, 1, bias=bias), nn.ConvTranspose2d(8, 2, 4, 2, 1)
        self.model = Nested([first, level, relu(), final, nn.Tanh()], outermost=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


@pytest.mark.parametrize(("norm", "bias"), [(nn.BatchNorm2d, False), (nn.InstanceNorm2d, True)])
@pytest.mark.parametrize("downs", [3, 5])
def test_a_published_unet_gives_its_image_here(downs: int, norm: type[nn.Module], bias: bool) -> None:
    torch.manual_seed(0)
    published = PublishedUNet(downs, norm, bias).eval()
    network = imported(published.state_dict())
    x = torch.rand(2, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(network(x), published(x), rtol=1e-4, atol=1e-5)
    assert_bitwise(network, published.state_dict())


def published_patchgan(layers: int, norm: type[nn.Module], bias: bool) -> nn.Module:
    network = nn.Module()
    inside: list[nn.Module] = [nn.Conv2d(3, 4, 4, 2, 1), nn.LeakyReLU(0.2)]
    for n in range(1, layers + 1):
        before, after = 4 * min(2 ** (n - 1), 8), 4 * min(2**n, 8)
        inside += [nn.Conv2d(before, after, 4, 2 if n < layers else 1, 1, bias=bias), norm(after), nn.LeakyReLU(0.2)]
    network.model = nn.Sequential(*inside, nn.Conv2d(4 * min(2**layers, 8), 1, 4, 1, 1))
    return network


@pytest.mark.parametrize(
    ("norm", "bias", "kind"),
    [
        (nn.InstanceNorm2d, True, "instance"),
        (nn.BatchNorm2d, False, "batch"),
        (lambda width: nn.Identity(), False, "none"),
        (lambda width: nn.InstanceNorm2d(width, track_running_stats=True), True, "instance"),
    ],
)
@pytest.mark.parametrize("layers", [1, 3, 5])
def test_a_published_patchgan_gives_its_scores_here(layers: int, norm: type[nn.Module], bias: bool, kind: str) -> None:
    torch.manual_seed(0)
    published = published_patchgan(layers, norm, bias)
    network = imported(published.state_dict())
    assert isinstance(network, PatchGANDiscriminator)
    assert detect(published.state_dict(), "file")[1] | {"type": ""} == {
        "type": "",
        "in_channels": 3,
        "filters": 4,
        "layers": layers,
        "antialias": False,
        "norm": kind,
    }
    x = torch.rand(2, 3, 128, 128)
    with torch.no_grad():  # in training no norm looks at its statistics
        torch.testing.assert_close(network.train()(x), published.train().model(x), rtol=1e-4, atol=1e-5)


def test_a_published_pixel_discriminator_gives_its_scores_here() -> None:
    torch.manual_seed(0)
    published = nn.Module()
    published.net = nn.Sequential(
        *(nn.Conv2d(3, 4, 1), nn.LeakyReLU(0.2), nn.Conv2d(4, 8, 1, bias=False), nn.BatchNorm2d(8)),
        *(nn.LeakyReLU(0.2), nn.Conv2d(8, 1, 1)),
    )
    network = imported(published.state_dict())
    assert isinstance(network, PixelDiscriminator)
    x = torch.rand(2, 3, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(network(x), published.eval().net(x))
    assert_bitwise(network, published.state_dict())


@pytest.mark.parametrize("norm", ["batch", "layer", "none"])
def test_heads_with_predictors_are_exported_as_they_were_imported(norm: str) -> None:
    head = ProjectionPredictionHead([4, 8], dim=6, hidden=5, norm=norm)
    state = unfit(head)
    assert detect(state, "file") == (
        "heads",
        {"type": "ProjectionPredictionHead", "dim": 6, "hidden": 5, "norm": norm},
    )
    assert head_widths(state) == [4, 8]
    assert_bitwise(imported(state), state)


@pytest.mark.parametrize(("filters", "size", "downs"), [(10, 64, 1), (3, 256, 2), (64, 64, 1)])
def test_filters_and_size_of_stylegan2_are_detected_from_its_widths(filters: int, size: int, downs: int) -> None:
    with torch.device("meta"):
        network = StyleGAN2Generator(filters=filters, size=size, downs=downs, blocks=4)
    state = {name: torch.ones(value.shape) for name, value in unfit(network).items()}
    config = detect(state, "file")[1]
    with torch.device("meta"):
        again = StyleGAN2Generator(**{key: value for key, value in config.items() if key != "type"})
    assert {name: value.shape for name, value in unfit(again).items()} == {n: value.shape for n, value in state.items()}
    assert config["downs"] == downs


def test_the_small_stylegan2_generator_keeps_a_weight_for_noise_that_it_does_not_add() -> None:
    network = StyleGAN2Generator(filters=2, blocks=2, noise=False)
    state = unfit(network)
    assert state["decoder.convs.1.noise.weight"].tolist() == [0.0]
    assert detect(state, "file")[1]["noise"] is False
    assert_bitwise(imported(state), state)


def test_biases_that_an_instance_norm_cancels_are_known() -> None:
    with torch.device("meta"):
        assert layout_of(PatchGANDiscriminator()).canceled == {"model.3.bias", "model.7.bias", "model.11.bias"}
        assert not layout_of(PatchGANDiscriminator(norm="batch")).canceled
        assert "model.1.bias" in layout_of(ResNetGenerator()).canceled
        assert "model.30.bias" not in layout_of(ResNetGenerator()).canceled


def test_a_blur_kernel_of_another_kind_is_refused() -> None:
    network = PatchGANDiscriminator(filters=2)
    state = unfit(network)
    state["model.2.filt"] = F.normalize(torch.ones(2, 1, 3, 3))
    with pytest.raises(CheckpointError, match=r"model\.2\.filt is another blur kernel than the published one"):
        fit(network, state, "file")


def test_other_networks_have_no_layout() -> None:
    with pytest.raises(CheckpointError, match="no published code has a MultiScaleDiscriminator"):
        layout_of(MultiScaleDiscriminator(filters=2))
    for option in ("input_skip", "mask"):
        with pytest.raises(CheckpointError, match=f"no published generator has {option}"):
            layout_of(ResNetGenerator(filters=2, **{option: True}))


def test_a_unet_is_imported_as_it_was_exported() -> None:
    network = UNetGenerator(filters=2, downs=7, norm="none")
    assert_bitwise(imported(unfit(network)), unfit(network))
