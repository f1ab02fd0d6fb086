import pytest
import torch

from i2ikit.errors import ShapeError
from i2ikit.generators.stylegan2 import StyleGAN2Generator


def test_the_published_parameter_count() -> None:
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in StyleGAN2Generator().parameters()) == 3_068_404


def test_every_tap_has_its_published_shape() -> None:
    with torch.device("meta"):
        net = StyleGAN2Generator()
        taps = net.trace(torch.empty(1, 3, 64, 64), net.tap_names)
    assert {name: tuple(value.shape[1:]) for name, value in taps.items()} == {
        "input": (3, 64, 64),
        "stem": (80, 64, 64),
        "down1": (160, 32, 32),
        **{f"block{n}": (160, 32, 32) for n in range(1, 7)},
        "up1": (80, 64, 64),
        "out": (3, 64, 64),
    }
    assert net.widths(net.tap_names) == [value.shape[1] for value in taps.values()]


def test_the_first_tap_is_the_image_itself() -> None:
    x = torch.rand(1, 3, 8, 8)
    assert torch.equal(StyleGAN2Generator(filters=1).trace(x, ["input"])["input"], x)


@pytest.mark.parametrize(("filters", "size", "widths"), [(10, 64, [80, 160]), (64, 64, [512, 512]), (3, 256, [6, 12])])
def test_widths_follow_the_published_table(filters: int, size: int, widths: list[int]) -> None:
    with torch.device("meta"):
        assert StyleGAN2Generator(filters=filters, size=size).widths(["stem", "down1"]) == widths


def test_two_steps_down_are_undone_by_two_steps_up() -> None:
    net = StyleGAN2Generator(filters=1, downs=2, blocks=2)
    assert net(torch.rand(1, 3, 16, 12)).shape == (1, 3, 16, 12)
    assert net.tap_names == ("input", "stem", "down1", "down2", "block1", "block2", "up1", "up2", "out")


def test_noise_is_silent_at_first_and_random_once_its_weight_is_learnt() -> None:
    torch.manual_seed(0)
    net, x = StyleGAN2Generator(filters=1, blocks=2), torch.rand(1, 3, 16, 16)
    assert torch.equal(net(x), net(x))
    torch.nn.init.ones_(net.stages.up1.noise.weight)
    assert not torch.equal(net(x), net(x))


def test_without_noise_there_is_nothing_to_learn_for_it() -> None:
    net = StyleGAN2Generator(filters=1, blocks=2, noise=False)
    assert not [name for name in net.state_dict() if "noise" in name]


def test_the_gradient_reaches_every_weight() -> None:
    torch.manual_seed(0)
    net = StyleGAN2Generator(filters=1, blocks=2)
    net(torch.rand(2, 3, 8, 8)).square().sum().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("channels", [1, 5])
def test_any_number_of_channels(channels: int) -> None:
    assert StyleGAN2Generator(channels, 2, filters=1, blocks=2)(torch.rand(1, channels, 8, 8)).shape == (1, 2, 8, 8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 60}, r"size must be one of 4, 8, 16, .* not 60"),
        ({"size": 8, "downs": 2}, "downs must leave 4 pixels of size=8, not be 2"),
        ({"blocks": 3}, "blocks must be even, not 3"),
        ({"filters": 0}, "filters must be an integer above 0, not 0"),
    ],
)
def test_arguments_out_of_range_are_named(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StyleGAN2Generator(**arguments)  # type: ignore[arg-type]


def test_an_odd_size_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"StyleGAN2Generator needs .* multiples of 2, got 8 x 7"):
        StyleGAN2Generator(filters=1)(torch.zeros(1, 3, 8, 7))
