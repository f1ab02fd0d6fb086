from collections import OrderedDict

import pytest
import torch
from torch import Tensor, nn

from i2ikit.inference.pipeline import intra_op_threads
from i2ikit.nn.blur import BlurUp, UpStage
from i2ikit.ops import kept_kernels
from i2ikit.ops.convolutions import transformed
from i2ikit.ops.fast_operations import FastOperations
from i2ikit.ops.kept_kernels import KeptKernels

pytestmark = pytest.mark.skipif(kept_kernels._function() is None, reason="this CPU or torch lacks NNPACK")


@pytest.fixture(autouse=True)
def one_thread():
    with intra_op_threads(1):
        yield


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes of the weights that were transformed to be kept."""
    shapes: list[tuple[int, ...]] = []
    transform = kept_kernels._transformed

    def record(weight: Tensor) -> Tensor:
        shapes.append(tuple(weight.shape))
        return transform(weight)

    monkeypatch.setattr(kept_kernels, "_transformed", record)
    return shapes


def draw(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def weight_of(*shape: int) -> nn.Parameter:
    return nn.Parameter(draw(*shape), requires_grad=False)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("size", "padding"), [((2, 32, 24, 31), 0), ((1, 40, 29, 25), 1), ((1, 32, 24, 24), 2)])
def test_values_are_exactly_those_of_weights_that_are_transformed_anew(size, padding: int, bias: bool):
    x, weight, offset = draw(*size), weight_of(36, size[1], 3, 3), draw(36) if bias else None
    kernels = KeptKernels()
    with kernels.keeping():
        for image in (x, x.mT):
            found = kernels.convolution(image, weight, offset, padding)
            assert torch.equal(found, transformed(image, weight, offset, padding))


def test_a_weight_is_transformed_once_until_it_changes(made):
    x, weight, kernels = draw(1, 32, 24, 24), weight_of(32, 32, 3, 3), KeptKernels()
    with kernels.keeping(), kernels.keeping():
        for _ in range(3):
            kernels.convolution(x, weight, None, 0)
        assert made == [(32, 32, 3, 3)]
        weight.mul_(2)
        assert torch.equal(kernels.convolution(x, weight, None, 0), transformed(x, weight, None, 0))
    assert len(made) == 2
    assert kernels.convolution(x, weight, None, 0) is None
    with kernels.keeping():
        kernels.convolution(x, weight, None, 0)
    assert len(made) == 3  # it had been forgotten


def test_only_parameters_of_3x3_kernels_are_kept_in_one_thread_and_not_beyond_the_limit(made, monkeypatch):
    x, weight, kernels = draw(1, 32, 24, 24), weight_of(32, 32, 3, 3), KeptKernels()
    with kernels.keeping():
        assert kernels.convolution(x, weight * 1, None, 0) is None
        assert kernels.convolution(x, weight_of(32, 32, 4, 4), None, 0) is None
        with intra_op_threads(2):
            assert kernels.convolution(x, weight, None, 0) is None
        monkeypatch.setattr(kept_kernels, "MOST_BYTES", 32 * 32 * 64 * 4)
        assert kernels.convolution(x, weight, None, 0) is not None
        assert kernels.convolution(x, weight_of(32, 32, 3, 3), None, 0) is None
        assert kernels.convolution(x, weight, None, 0) is not None
    assert len(made) == 1


@pytest.mark.parametrize("bf16", [False, True])
def test_networks_give_the_same_with_kept_weights(made, bf16: bool):
    torch.manual_seed(0)
    up = UpStage(OrderedDict(blur=BlurUp(), conv=nn.Conv2d(96, 96, 3, padding=1)))
    network, x = nn.Sequential(nn.Conv2d(96, 96, 3, padding=1), up), draw(2, 96, 24, 24)
    kernels = KeptKernels()
    with (
        torch.no_grad(),
        torch.autocast("cpu", torch.bfloat16, enabled=bf16),
        FastOperations(bf16=bf16, kernels=kernels),
    ):
        expected = network(x)
        assert made == []
        with kernels.keeping():
            for _ in range(2):
                assert torch.equal(network(x), expected)
            with torch.enable_grad():
                network(x)
    assert made == [(96, 96, 3, 3), (384, 96, 3, 3)]


def test_without_the_function_nothing_is_kept(monkeypatch):
    monkeypatch.setattr(kept_kernels, "_function", lambda: None)
    kernels = KeptKernels()
    with kernels.keeping():
        assert kernels.convolution(draw(1, 32, 24, 24), weight_of(32, 32, 3, 3), None, 0) is None
