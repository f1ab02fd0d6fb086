import pytest
import torch
import torch.nn.functional as F
from torch import nn

from i2ikit.nn.recompute import recomputed
from i2ikit.ops import convolutions
from i2ikit.ops import fast_operations as fast_operations_module
from i2ikit.ops.fast_operations import FastOperations, active, fast_operations

pytestmark = pytest.mark.skipif(not torch.backends.nnpack.is_available(), reason="this CPU lacks what NNPACK needs")
CPU = torch.device("cpu")


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes of the inputs of convolutions that were replaced."""
    shapes: list[tuple[int, ...]] = []
    convolve = convolutions.transformed

    def record(image, *others):
        shapes.append(tuple(image.shape))
        return convolve(image, *others)

    monkeypatch.setattr(convolutions, "transformed", record)
    return shapes


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("size", [(1, 32, 24, 24), (3, 40, 29, 30)])
def test_results_are_those_of_the_plain_convolution(replaced, size: tuple[int, ...], bias: bool, padding: int):
    layer = nn.Conv2d(size[1], 36, 3, padding=padding, bias=bias)
    x = draw(*size)
    with torch.no_grad():
        expected = layer(x)
        with FastOperations():
            found = layer(x)
    assert replaced == [size]
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(32, 32, 3, stride=2),
        nn.Conv2d(32, 32, 3, dilation=2),
        nn.Conv2d(32, 32, 3, padding=(0, 1)),
        nn.Conv2d(32, 32, 3, padding="same"),
        nn.Conv2d(32, 64, 3, groups=2),
        nn.Conv2d(32, 32, 5),
        nn.Conv2d(32, 16, 3),
    ],
)
def test_other_convolutions_stay_as_they_are(replaced, layer: nn.Conv2d):
    x = draw(1, 32, 24, 24)
    with torch.no_grad():
        expected = layer(x)
        with FastOperations():
            assert torch.equal(layer(x), expected)
            layer.double()(x.double())
    assert replaced == []


def test_huge_maps_use_the_plain_convolution(replaced, monkeypatch: pytest.MonkeyPatch):
    layer, x = nn.Conv2d(32, 32, 3), draw(1, 32, 24, 24)
    monkeypatch.setattr(convolutions, "MOST_VALUES", 64 * 24 * 24 - 1)
    with torch.no_grad(), FastOperations():
        layer(x)
    assert replaced == []


@pytest.mark.parametrize(
    ("layer", "size", "calls"),
    [
        (nn.Conv2d(32, 40, 3), (2, 32, 26, 24), 2),
        (nn.Conv2d(32, 40, 3, padding=1, bias=False), (1, 32, 26, 24), 2),
        (nn.Conv2d(32, 40, 4, padding=1), (1, 32, 48, 50), 2),
        (nn.Conv2d(3, 32, 7), (1, 3, 54, 54), 1),  # the gradient of the image alone
        (nn.Conv2d(32, 3, 7), (2, 32, 54, 54), 2),
    ],
)
def test_gradients_are_those_of_the_plain_convolution(replaced, layer: nn.Conv2d, size: tuple[int, ...], calls: int):
    x = draw(*size).requires_grad_(True)
    inputs = [x, *layer.parameters()]
    expected = layer(x)
    weights = draw(*expected.shape)
    expected_gradients = torch.autograd.grad((expected * weights).sum(), inputs)
    assert replaced == []
    with FastOperations():
        found = layer(x)
    gradients = torch.autograd.grad((found * weights).sum(), inputs)
    assert len(replaced) == calls
    for one, other in zip((found, *gradients), (expected, *expected_gradients), strict=True):
        assert (one - other).pow(2).mean().sqrt() < 2e-5 * other.pow(2).mean().sqrt()


def test_gradients_of_gradients_are_those_of_the_plain_convolution(replaced):
    layer, x = nn.Conv2d(32, 32, 3, padding=1), draw(1, 32, 28, 28).requires_grad_(True)

    def penalty() -> list[torch.Tensor]:
        (inner,) = torch.autograd.grad(layer(x).square().sum(), x, create_graph=True)
        return list(torch.autograd.grad(inner.square().sum(), [x, layer.weight]))

    expected = penalty()
    assert replaced == []
    with FastOperations():
        found = penalty()
    assert len(replaced) > 2
    for one, other in zip(found, expected, strict=True):
        assert (one - other).pow(2).mean().sqrt() < 5e-5 * other.pow(2).mean().sqrt()


def test_an_image_gets_the_same_values_alone_and_in_a_batch():
    layer, x = nn.Conv2d(32, 32, 3, padding=1), draw(3, 32, 24, 24)
    with torch.no_grad(), FastOperations():
        assert torch.equal(layer(x)[1:2], layer(x[1:2]))


def test_a_stage_that_is_computed_again_has_the_same_gradients():
    stage, x = nn.Sequential(nn.Conv2d(32, 32, 3), nn.Tanh(), nn.Conv2d(32, 32, 3)), draw(1, 32, 32, 32)
    gradients = []
    for again in (False, True):
        with FastOperations():
            value = recomputed(stage, stage, x) if again else stage(x)
        assert active() is None
        gradients.append(torch.autograd.grad(value.square().sum(), list(stage.parameters())))
    assert all(torch.equal(one, other) for one, other in zip(*gradients, strict=True))


def test_in_bfloat16_wide_convolutions_are_nearer_to_float32_than_plain_ones(replaced):
    wide, x = nn.Conv2d(192, 192, 3), draw(1, 192, 24, 24)
    with torch.no_grad():
        exact = wide(x)
        with torch.autocast("cpu", torch.bfloat16):
            plain = wide(x)
            with FastOperations(bf16=True):
                found = wide(x)
                F.conv2d(x[:, :100], wide.weight[:80, :100])
    assert replaced == [(1, 192, 24, 24)]
    assert found.dtype == torch.float32
    assert (found - exact).abs().mean() < (plain - exact).abs().mean()


def test_in_bfloat16_large_results_are_bfloat16_whatever_the_batch(replaced, monkeypatch):
    wide, x = nn.Conv2d(96, 96, 3), draw(2, 96, 24, 24)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16), FastOperations(bf16=True):
        assert wide(x).dtype == torch.float32
        monkeypatch.setattr(fast_operations_module, "IN_CACHE", 96 * 22 * 22 - 1)
        assert wide(x[:1]).dtype == torch.bfloat16
    assert len(replaced) == 2


def test_nothing_is_replaced_on_a_gpu_and_no_convolution_where_bfloat16_has_its_own_unit(replaced, monkeypatch):
    assert not isinstance(fast_operations("fp32", torch.device("cuda"))(), FastOperations)
    wide, x = nn.Conv2d(192, 192, 3), draw(1, 192, 24, 24)
    for unit in (True, False):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda unit=unit: unit)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16), fast_operations("bf16", CPU)():
            wide(x)
        assert replaced == ([] if unit else [(1, 192, 24, 24)])


def test_in_bfloat16_an_image_is_made_by_columns_of_the_kernel_in_float32():
    last, x = nn.Conv2d(32, 3, 7), draw(2, 32, 12, 9).bfloat16()
    with torch.no_grad():
        exact = last(x.float())
        with torch.autocast("cpu", torch.bfloat16), FastOperations(bf16=True):
            found = last(x)
            bare = F.conv2d(x, last.weight)
            assert F.conv2d(x, last.weight, padding=3).dtype == torch.bfloat16  # as it is
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, exact, atol=0.01, rtol=0)
    torch.testing.assert_close(bare, exact - last.bias.view(-1, 1, 1), atol=0.01, rtol=0)


NORM_INPUTS = {
    "contiguous": draw(2, 3, 5, 4).double(),
    "channels_last": draw(2, 3, 5, 4).double().contiguous(memory_format=torch.channels_last),
    "part of another": draw(2, 3, 5, 8).double()[..., ::2],
    "one position": draw(2, 3, 1, 1).double(),
}


@pytest.mark.parametrize("name", NORM_INPUTS)
@pytest.mark.parametrize("affine", [False, True])
def test_instance_norms_and_their_gradients_are_those_of_pytorch(name: str, affine: bool):
    norm, x = nn.InstanceNorm2d(3, affine=affine).double(), NORM_INPUTS[name].requires_grad_(True)
    if affine:
        norm.weight.data, norm.bias.data = draw(3).double(), draw(4)[1:].double()

    def run() -> list[torch.Tensor]:
        if x.shape[2:].numel() == 1:
            with pytest.raises(ValueError, match="more than 1 spatial element"):
                norm(x)
            return []
        value = norm(x)
        inputs = [x, *norm.parameters()]
        first = torch.autograd.grad(value.pow(3).sum(), inputs, create_graph=True)
        return [value, *first, torch.autograd.grad(first[0].pow(3).sum(), x)[0]]

    expected = run()
    with FastOperations():
        found = run()
    with torch.no_grad(), FastOperations():
        assert not found or torch.allclose(norm(x), expected[0], rtol=0, atol=1e-13)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12 * max(1.0, float(other.detach().abs().max())))


def test_an_instance_norm_of_contiguous_maps_is_a_group_norm(monkeypatch: pytest.MonkeyPatch):
    calls = []
    monkeypatch.setattr(F, "group_norm", lambda *given: calls.append(given[0].shape))
    x = draw(1, 2, 4, 4)
    with FastOperations():
        nn.InstanceNorm2d(2)(x)
        nn.InstanceNorm2d(2, track_running_stats=True)(x)
    assert calls == [x.shape]


@pytest.mark.parametrize("layer", [nn.ReflectionPad2d(2), nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect")])
def test_reflections_have_the_values_and_gradients_of_pytorch(layer: nn.Module):
    layer, x = layer.double(), draw(1, 2, 5, 6).double().requires_grad_(True)
    expected = layer(x)
    (gradient,) = torch.autograd.grad(expected.pow(2).sum(), x)
    with FastOperations():
        found = layer(x)
    assert type(found.grad_fn) is not type(expected.grad_fn) or isinstance(layer, nn.Conv2d)
    (own,) = torch.autograd.grad(found.pow(2).sum(), x)
    torch.testing.assert_close((found, own), (expected, gradient), rtol=0, atol=1e-12)


def test_a_reflection_beyond_the_image_has_the_error_of_pytorch():
    with FastOperations(), pytest.raises(RuntimeError, match=r"[Pp]adding size should be less than"):
        nn.ReflectionPad2d(4)(draw(1, 2, 4, 4))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "constant"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_under_autocast_padding_stays_in_its_type(dtype: torch.dtype, mode: str):
    x = draw(1, 2, 5, 6).to(dtype)
    with torch.autocast("cpu", torch.bfloat16), FastOperations(bf16=True):
        found = F.pad(x, (2, 2, 2, 2), mode=mode)
    assert found.dtype == dtype
    assert torch.equal(found, F.pad(x, (2, 2, 2, 2), mode=mode))


def test_a_network_compiles_in_the_mode():
    layer, x = nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(3, 4, 3), nn.InstanceNorm2d(4)), draw(1, 3, 8, 8)
    expected = layer(x)
    with FastOperations():
        found = torch.compile(layer, backend="eager")(x)
    torch.testing.assert_close(found, expected)
