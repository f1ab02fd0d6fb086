import pytest
import torch
import torch.nn.functional as F
from torch import nn

from i2ikit.inference import winograd
from i2ikit.inference.winograd import WinogradConvolutions, fast_convolutions

pytestmark = pytest.mark.skipif(not torch.backends.nnpack.is_available(), reason="this CPU lacks what NNPACK needs")
CPU = torch.device("cpu")


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes of the inputs of convolutions that were replaced."""
    shapes: list[tuple[int, ...]] = []
    convolve = winograd._convolve

    def record(image, *others):
        shapes.append(tuple(image.shape))
        return convolve(image, *others)

    monkeypatch.setattr(winograd, "_convolve", record)
    return shapes


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("size", [(1, 32, 8, 8), (3, 40, 13, 30)])
def test_results_are_those_of_the_plain_convolution(replaced, size: tuple[int, ...], bias: bool, padding: int):
    layer = nn.Conv2d(size[1], 36, 3, padding=padding, bias=bias)
    x = draw(*size)
    with torch.no_grad():
        expected = layer(x)
        with WinogradConvolutions():
            found = layer(x)
    assert replaced == [size]
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(32, 32, 3, stride=2),
        nn.Conv2d(32, 32, 3, dilation=2),
        nn.Conv2d(32, 32, 3, padding=2),
        nn.Conv2d(32, 32, 3, padding="same"),
        nn.Conv2d(32, 64, 3, groups=2),
        nn.Conv2d(32, 32, 5),
        nn.Conv2d(32, 16, 3),
    ],
)
def test_other_convolutions_stay_as_they_are(replaced, layer: nn.Conv2d):
    x = draw(1, 32, 12, 12)
    with torch.no_grad():
        expected = layer(x)
        with WinogradConvolutions():
            assert torch.equal(layer(x), expected)
            layer.double()(x.double())
    assert replaced == []


def test_gradients_and_huge_maps_use_the_plain_convolution(replaced, monkeypatch: pytest.MonkeyPatch):
    layer, x = nn.Conv2d(32, 32, 3), draw(1, 32, 12, 12)
    with WinogradConvolutions():
        layer(x).sum().backward()
    assert layer.weight.grad is not None
    monkeypatch.setattr(winograd, "MOST_VALUES", 64 * 12 * 12 - 1)
    with torch.no_grad(), WinogradConvolutions():
        layer(x)
    assert replaced == []


def test_in_bfloat16_wide_convolutions_are_nearer_to_float32_than_plain_ones(replaced):
    wide, x = nn.Conv2d(192, 192, 3), draw(1, 192, 12, 12)
    with torch.no_grad():
        exact = wide(x)
        with torch.autocast("cpu", torch.bfloat16):
            plain = wide(x)
            with WinogradConvolutions(bf16=True):
                found = wide(x)
                F.conv2d(x, wide.weight[:100])
    assert replaced == [(1, 192, 12, 12)]
    assert found.dtype == plain.dtype == torch.bfloat16
    assert (found - exact).abs().mean() < (plain - exact).abs().mean()


def test_nothing_is_replaced_on_a_gpu_or_where_bfloat16_has_its_own_unit(monkeypatch: pytest.MonkeyPatch):
    assert not isinstance(fast_convolutions("fp32", torch.device("cuda"))(), WinogradConvolutions)
    assert isinstance(fast_convolutions("fp32", CPU)(), WinogradConvolutions)
    for unit in (True, False):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda unit=unit: unit)
        assert isinstance(fast_convolutions("bf16", CPU)(), WinogradConvolutions) is not unit
