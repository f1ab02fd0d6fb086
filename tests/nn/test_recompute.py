"""Activation checkpointing; pain 5: out of memory."""

import pytest
import torch
from torch import Tensor, nn

from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.generators.stylegan2 import StyleGAN2Generator
from i2ikit.generators.unet import UNetGenerator
from i2ikit.nn.recompute import checkpoint_activations, recomputed
from i2ikit.profiling.counters import StepCounter

GENERATORS = {
    "resnet": lambda: ResNetGenerator(filters=4, blocks=2, dropout=True),
    "skip": lambda: ResNetGenerator(filters=4, blocks=1, input_skip=True, norm="batch"),
    "mask": lambda: ResNetGenerator(filters=4, blocks=1, mask=True),
    "unet": lambda: UNetGenerator(filters=4, downs=6, dropout=True),
    "stylegan2": lambda: StyleGAN2Generator(filters=1, size=64, blocks=2),
}


def gradients(generator: nn.Module, taps: tuple[str, ...]) -> dict[str, Tensor]:
    """Return outputs and gradients of one training pass, by name."""
    image = (2 * torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1)) - 1).requires_grad_(True)
    torch.manual_seed(2)  # what dropout and noise draw from
    traced = generator.trace(image, taps)
    sum(value.square().mean() for value in traced.values()).backward()
    found = {name: parameter.grad for name, parameter in generator.named_parameters() if parameter.grad is not None}
    return {**traced, **found, "image": image.grad}


@pytest.mark.parametrize("name", GENERATORS)
def test_gradients_taps_and_statistics_are_those_without_checkpointing_bit_for_bit(name: str) -> None:
    torch.manual_seed(0)
    plain, lean = GENERATORS[name](), GENERATORS[name]()
    lean.load_state_dict(plain.state_dict())
    checkpoint_activations(lean)
    taps = ("out", *plain.inner_tap_names[-3:], *plain.tap_names[1:3])
    expected, found = gradients(plain, taps), gradients(lean, taps)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert torch.equal(found[key], value), key
    for key, value in plain.state_dict().items():  # a batch norm's statistics have moved once
        assert torch.equal(lean.state_dict()[key], value), key


class Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return (x * self.weight).square()


def test_a_stage_runs_again_only_where_a_gradient_comes_back() -> None:
    stage = Counting()
    with torch.no_grad():
        recomputed(stage, stage, torch.ones(2, requires_grad=True))
    assert stage.calls == 1
    recomputed(stage, stage, torch.ones(2)).sum().backward()
    assert stage.calls == 3


def test_a_network_that_was_frozen_when_it_ran_is_frozen_when_it_runs_again() -> None:
    stage = Counting()
    x = torch.full((1,), 3.0, requires_grad=True)
    stage.requires_grad_(False)
    out = recomputed(stage, stage, x)
    stage.requires_grad_(True)
    out.sum().backward()
    assert stage.weight.grad is None
    assert x.grad is not None
    assert x.grad.item() == 6  # d (3 w)^2 / dx at w = 1
    assert stage.weight.requires_grad


def test_frozen_generators_with_batch_norm_hand_gradient_through() -> None:
    torch.manual_seed(0)
    generator = ResNetGenerator(filters=4, blocks=1, norm="batch")
    checkpoint_activations(generator)
    x = torch.randn(1, 3, 16, 16, requires_grad=True)
    generator.requires_grad_(False)
    out = generator(x)
    generator.requires_grad_(True)
    out.mean().backward()
    assert all(parameter.grad is None for parameter in generator.parameters())
    assert x.grad is not None


def test_a_pass_with_gradient_holds_less_memory() -> None:
    peaks = []
    for switch in (lambda _: None, checkpoint_activations):
        generator = ResNetGenerator(filters=8, blocks=6)
        switch(generator)
        with StepCounter() as memory:
            generator(torch.zeros(1, 3, 64, 64)).mean().backward()
        peaks.append(memory.peak)
    assert peaks[1] < 0.7 * peaks[0]


def test_the_parts_that_can_be_switched_are_named() -> None:
    model = nn.ModuleDict({"ab": ResNetGenerator(filters=4, blocks=1), "b": nn.Conv2d(3, 1, 3)})
    assert checkpoint_activations(model) == ["ab"]
