import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from i2ikit.distributed.device import DeviceError
from i2ikit.errors import ShapeError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference import network as network_module
from i2ikit.inference.network import TranslationNetwork


class Negative(nn.Module):
    """Inverts colors; takes multiples of 4 only and records the sizes of its inputs."""

    multiple, smallest = 4, 8

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[tuple[int, ...]] = []

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[-2] % 4 == 0
        assert x.shape[-1] % 4 == 0
        self.sizes.append(tuple(x.shape[-2:]))
        return -x


class Loud(nn.Module):
    """Outputs values far outside -1..1, random ones in training mode."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(x) * 9


def resnet(seed: int) -> ResNetGenerator:
    torch.manual_seed(seed)
    return ResNetGenerator(filters=4, blocks=1, init="normal", init_gain=0.3)


def images(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 9), (8, 8), (13, 30), (3, 517)])
def test_outputs_have_the_size_of_their_inputs(height: int, width: int):
    x, generator = images(2, 3, height, width), Negative()
    assert torch.equal(TranslationNetwork(generator)(x), -x)
    assert min(generator.sizes[0]) >= 8


def test_the_smallest_image_passes_a_real_generator():
    assert TranslationNetwork(resnet(0))(torch.zeros(1, 3, 1, 1)).shape == (1, 3, 1, 1)


def test_a_fitting_image_gives_what_the_generator_gives():
    generator, x = resnet(0).eval(), images(1, 3, 16, 20)
    with torch.no_grad():
        expected = generator(x)
    torch.testing.assert_close(TranslationNetwork(generator)(x), expected, rtol=0, atol=1e-4)


def test_outputs_are_deterministic_and_ordinary_tensors_without_a_graph():
    network, x = TranslationNetwork(Loud().train()), images(1, 3, 4, 4)
    first = network(x)
    assert torch.equal(first, network(x.requires_grad_()))
    assert not first.requires_grad
    first.mul_(2)  # an output of torch's inference mode refuses this


def test_outputs_stay_within_the_range_of_images():
    output = TranslationNetwork(Loud())(torch.tensor([-1.0, 0.05, 1.0]).view(1, 1, 1, 3))
    assert output.flatten().tolist() == pytest.approx([-1, 0.45, 1])


def test_size_is_the_shorter_side_of_what_the_generator_gets():
    generator = Negative()
    output = TranslationNetwork(generator, size=16)(torch.full((1, 3, 40, 80), 0.25))
    assert generator.sizes == [(16, 32)]
    assert output.shape == (1, 3, 40, 80)
    assert torch.allclose(output, torch.tensor(-0.25), atol=1e-6)


def test_images_of_any_floating_type_become_float32():
    x = images(1, 3, 8, 8)
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        output = TranslationNetwork(Negative())(x.to(dtype))
        assert output.dtype == torch.float32
        assert torch.equal(output, -x.to(dtype).float())


def test_bfloat16_computes_in_bfloat16_and_stays_near_float32():
    generator, x = resnet(0), images(2, 3, 32, 32)
    exact, short = TranslationNetwork(generator)(x), TranslationNetwork(generator, precision="bf16")(x)
    assert short.dtype == torch.float32
    assert 0 < (exact - short).abs().mean() < 0.02
    assert next(generator.parameters()).dtype == torch.float32


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"size": 0}, ValueError, "size must be an integer above 0, not 0"),
        ({"memory": 0}, ValueError, "memory must be an integer above 0, not 0"),
        ({"precision": "half"}, ValueError, "precision must be one of fp32, bf16, fp16, not 'half'"),
        ({"precision": "fp16"}, DeviceError, "fp16 needs a CUDA device.*bf16 works here"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        TranslationNetwork(Negative(), **arguments)


@pytest.mark.parametrize("shape", [(3, 4, 4), (0, 3, 4, 4), (1, 3, 0, 4)])
def test_wrong_shapes_are_refused(shape: tuple[int, ...]):
    with pytest.raises(ShapeError, match=rf"needs images \(B, C, H, W\), got \({shape[0]}, "):
        TranslationNetwork(Negative())(torch.zeros(shape))
    with pytest.raises(ShapeError, match=r"ResNetGenerator needs images \(B, 3, H, W\), got \(1, 4, 8, 8\)"):
        TranslationNetwork(resnet(0))(torch.zeros(1, 4, 8, 8))


def test_threads_get_the_outputs_of_their_own_images():
    network = TranslationNetwork(resnet(0), precision="bf16")
    inputs = [images(1, 3, 16 + k % 3, 20) * (k + 1) / 32 for k in range(32)]
    expected = [network(x) for x in inputs]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(network, inputs))
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_a_generator_that_cannot_be_compiled_runs_as_it_is_and_says_why(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    calls: list[int] = []

    def compiled(x: Tensor) -> Tensor:
        calls.append(1)
        raise RuntimeError("no compiler for C++\nwas found")

    monkeypatch.setattr(torch, "compile", lambda generator: compiled)
    network, x = TranslationNetwork(resnet(0), compile=True), images(1, 3, 8, 8)
    expected = TranslationNetwork(resnet(0))(x)
    assert torch.equal(network(x), expected)
    assert torch.equal(network(x), expected)
    assert calls == [1]
    assert caplog.messages == ["torch.compile fails here (no compiler for C++); the generator runs without it"]
    with pytest.raises(ShapeError, match="needs images"):  # an error of the generator itself is its own
        TranslationNetwork(resnet(0), compile=True)(torch.zeros(1, 4, 8, 8))


@pytest.mark.slow
def test_a_compiled_generator_gives_what_the_generator_gives_at_every_size(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))  # without g++, which takes minutes
    network, plain = TranslationNetwork(resnet(0), compile=True), TranslationNetwork(resnet(0))
    for shape in ((1, 3, 16, 16), (2, 3, 20, 24)):
        torch.testing.assert_close(network(images(*shape)), plain(images(*shape)), rtol=0, atol=1e-4)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_memory_that_holds_no_tile_is_refused_before_anything_is_translated(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(network_module, "LARGE", 100)
    with pytest.raises(MemoryError, match=r"^a tile of 256 x 256 pixels needs about"):
        TranslationNetwork(resnet(0), memory=1000)(torch.zeros(1, 3, 40, 40))
    assert TranslationNetwork(resnet(0), memory=10**9)(torch.zeros(1, 3, 40, 40)).shape == (1, 3, 40, 40)
