from typing import Any

import pytest
import torch
from torch import Tensor, nn

from i2ikit.build import Builder
from i2ikit.data.randomness import seed_step
from i2ikit.engine.graphed_steps import GraphedSteps, graphed_steps
from i2ikit.engine.optim import PhaseUpdater, build_optimizers
from i2ikit.engine.runner import RunnerModel
from i2ikit.registry import LOSSES
from i2ikit.translation import Progress, build_model
from tests.engine.tape import TapeBackend

CPU = torch.device("cpu")
OPTIMIZER = {"type": "Adam", "lr": 2e-4, "betas": [0.5, 0.999]}


@pytest.fixture
def cut(cut: dict[str, Any]) -> dict[str, Any]:
    """CUT that mirrors no image, so that all of its steps are of one kind."""
    cut["model"]["views"]["mirror"]["probability"] = 0.0
    return cut


class Training:
    """A model that trains step by step, with graphs or without."""

    def __init__(self, config: dict[str, Any], graphs: bool, clip: float | None = None) -> None:
        torch.manual_seed(0)
        builder = Builder()
        model = build_model(config["model"], builder)
        assert model is not None, builder.errors
        self.model = model.double().train()
        optimizers = build_optimizers(model.phases, model.networks, config.get("optimizer", OPTIMIZER))
        self.updater = PhaseUpdater(optimizers, clip_gradients=clip)
        self.notes: list[str] = []
        self.updater.keep_rates_on_device()  # a rate in float32 is another one
        self.graphs = GraphedSteps(model, self.updater, TapeBackend(), self.notes.append) if graphs else None
        self.runner = RunnerModel(model, CPU, 0, self.graphs)

    def step(self, number: int, epoch: int = 1, size: int = 16, rate: float = 1.0) -> dict[str, Any]:
        self.updater.set_rates(rate)
        self.runner.progress = Progress(epoch, number, 10, 100)
        seed_step(0, number, CPU)
        random = torch.Generator().manual_seed(number)
        batch = {name: torch.rand(2, 3, size, size, generator=random, dtype=torch.float64) * 2 - 1 for name in "ab"}
        losses = self.runner.train_step([batch], self.updater)
        flags = self.updater.take_flags()
        return {name: value.item() for name, value in {**losses, **{f"bad {k}": v for k, v in flags.items()}}.items()}


def both(config: dict[str, Any], **options: Any) -> tuple[Training, Training]:
    return Training(config, True, **options), Training(config, False, **options)


def assert_equal_training(graphed: Training, plain: Training, steps: range, **options: Any) -> None:
    for number in steps:
        assert graphed.step(number, **options) == plain.step(number, **options), number
    found, expected = graphed.model.state_dict(), plain.model.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], value) for name, value in expected.items() if isinstance(value, Tensor))


def test_replayed_steps_are_bit_for_bit_those_that_run_as_usual(cut):
    """Other images and random positions in each step, an update with clipped gradients, other learning rates."""
    graphed, plain = both(cut, clip=0.1)
    assert_equal_training(graphed, plain, range(1, 7))
    assert (graphed.notes, graphed.graphs.count) == ([], 1)
    assert_equal_training(graphed, plain, range(7, 9), rate=0.1)
    assert graphed.graphs.count == 1


def test_other_views_terms_and_sizes_have_graphs_of_their_own(cut):
    cut["model"]["views"]["mirror"]["probability"] = 0.5
    terms = cut["model"]["phases"]["generate"]["terms"]
    weight = {"type": "Until", "epoch": 1, "value": 0.0, "then": 0.5}
    loss = {"type": "L1Loss"}
    terms["identity"] = {"type": "PixelTerm", "image": "ab(b)", "target": "b", "loss": loss, "weight": weight}
    graphed, plain = both(cut)
    assert_equal_training(graphed, plain, range(1, 16))
    assert (graphed.notes, graphed.graphs.count) == ([], 2)  # mirrored and not
    assert_equal_training(graphed, plain, range(16, 24), epoch=2)
    first = graphed.graphs.count
    assert first > 2
    assert_equal_training(graphed, plain, range(24, 32), epoch=2, size=20)
    assert graphed.graphs.count > first


def test_a_weight_that_changes_reaches_the_replay(cut):
    weight = {"type": "Linear", "first": 1, "last": 10, "start": 0.1, "end": 1.0}
    cut["model"]["phases"]["generate"]["terms"]["gan"]["weight"] = weight
    graphed, plain = both(cut)
    for number in range(1, 8):
        assert graphed.step(number, epoch=1 + number) == plain.step(number, epoch=1 + number)
    assert (graphed.notes, graphed.graphs.count) == ([], 1)


def test_a_replay_reports_a_loss_that_is_not_finite_and_updates_nothing(cut):
    graphed, plain = both(cut)
    assert_equal_training(graphed, plain, range(1, 5))
    for training in (graphed, plain):
        with torch.no_grad():
            next(training.model.generators["ab"].parameters()).fill_(float("nan"))
    before = [value.clone() for value in graphed.model.state_dict().values()]
    found = graphed.step(5)
    assert [name for name, value in found.items() if name.startswith("bad") and value != value]
    pairs = zip(before, graphed.model.state_dict().values(), strict=True)
    assert all(torch.allclose(old, new, equal_nan=True, rtol=0, atol=0) for old, new in pairs)


class HostNoise(nn.Module):
    """Draws from a global stream."""

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        return (image - target).abs().mean() * torch.rand(()).item()


class CpuChoice(nn.Module):
    """Draws from a global stream, and reads no value on the device."""

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        return (image - target).abs().mean() * (1 + torch.randperm(3)[0])


@pytest.fixture
def host_losses():
    for part in (HostNoise, CpuChoice):
        LOSSES.register_module(force=True)(part)
    yield
    for part in (HostNoise, CpuChoice):
        LOSSES.module_dict.pop(part.__name__)


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        ("HostNoise", "operation not permitted when stream is capturing."),
        ("CpuChoice", "a part takes random numbers from a global stream of the CPU."),
    ],
)
def test_a_part_that_cannot_be_captured_is_told_once_and_trains_as_usual(loss, reason, host_losses, cut):
    term = {"type": "PixelTerm", "image": "ab(b)", "target": "b", "loss": {"type": loss}}
    cut["model"]["phases"]["generate"]["terms"]["odd"] = term
    graphed, plain = both(cut)
    assert_equal_training(graphed, plain, range(1, 7))
    assert graphed.notes == [f"train.cuda_graph: steps run without a CUDA graph: {reason}"]


def test_a_view_with_numbers_of_its_own_is_named(cut):
    cut["model"]["views"]["pool"] = {"type": "ImagePool", "size": 2}
    cut["model"]["phases"]["discriminate"]["terms"]["d"]["fake"] = "pool(ab(a))"
    graphed, plain = both(cut)
    assert_equal_training(graphed, plain, range(1, 6))
    (note,) = graphed.notes
    assert "view 'pool' computes with random numbers on the CPU" in note


def train(**changes: Any) -> dict[str, Any]:
    return {"accumulate": 1, "precision": "fp32", "cuda_graph": True, **changes}


@pytest.mark.parametrize(
    ("changes", "device", "optimizer", "reason"),
    [
        ({}, "cpu", {}, "the run is on cpu"),
        ({"accumulate": 2}, "cuda", {}, "train.accumulate is 2"),
        ({"precision": "fp16"}, "cuda", {}, "the loss scaling of fp16 is not captured; use bf16"),
        ({}, "cuda", {"fused": False}, "the optimizer is not fused"),
    ],
)
def test_what_no_graph_can_do_is_told_before_the_first_step(changes, device, optimizer, reason, cut):
    training = Training({**cut, "optimizer": {**OPTIMIZER, **optimizer}}, False)
    notes: list[str] = []
    found = graphed_steps(training.model, training.updater, train(**changes), torch.device(device), notes.append)
    assert (found, notes) == (None, [f"train.cuda_graph: steps run without a CUDA graph: {reason}."])
