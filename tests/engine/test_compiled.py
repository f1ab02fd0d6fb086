import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from i2ikit.build import Builder
from i2ikit.engine.compiled import CACHE, compile_networks
from i2ikit.engine.optim import PhaseUpdater, build_optimizers
from i2ikit.engine.runner import RunnerModel
from i2ikit.translation import Progress, UnpairedTranslation, build_model

CPU = torch.device("cpu")
MOST = 4  # convolutions of the discriminator here; the generator has more
TRAIN = {"checkpoint_activations": False}


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory):
    monkeypatch.setenv(CACHE, str(tmp_path_factory.mktemp("compiled")))
    yield
    torch.compiler.reset()


def built(config: dict[str, Any]) -> UnpairedTranslation:
    torch.manual_seed(0)
    model = build_model(config["model"], Builder())
    assert model is not None
    return model.train()


def train(model: UnpairedTranslation, steps: int) -> list[dict[str, float]]:
    optimizers = build_optimizers(model.phases, model.networks, {"type": "Adam", "lr": 1e-4, "betas": [0.5, 0.999]})
    update, runner = PhaseUpdater(optimizers), RunnerModel(model, CPU, seed=0)
    random = torch.Generator().manual_seed(1)
    losses = []
    for step in range(1, steps + 1):
        runner.progress = Progress(1, step, 1, steps)
        batch = {name: torch.rand(1, 3, 16, 16, generator=random) * 2 - 1 for name in "ab"}
        losses.append({name: value.item() for name, value in runner.train_step([batch], update).items()})
    return losses


def assert_close(found: list[dict[str, float]], expected: list[dict[str, float]]) -> None:
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


@pytest.mark.slow
def test_compiled_networks_train_as_usual(cut):
    expected, model, notes = train(built(cut), 3), built(cut), []
    compile_networks(model, TRAIN, CPU, notes.append, "aot_eager")
    torch._dynamo.utils.counters.clear()
    assert_close(train(model, 3), expected)
    assert notes == []
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] > 0


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler")
def test_code_that_a_compiler_makes_has_the_same_values_and_gradients_and_is_kept(monkeypatch):
    monkeypatch.setattr(torch._inductor.config, "compile_threads", 1)  # more are processes that import torch
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.InstanceNorm2d(4), nn.ReLU(), nn.Conv2d(4, 1, 3))
    image = torch.rand(2, 3, 12, 12)
    expected = network(image)
    gradients = torch.autograd.grad(expected.square().mean(), list(network.parameters()))
    notes: list[str] = []
    model: Any = SimpleNamespace(networks={"discriminators.b": network})
    compile_networks(model, TRAIN, CPU, notes.append)
    found = network(image)
    assert notes == []
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    compiled = torch.autograd.grad(found.square().mean(), list(network.parameters()))
    torch.testing.assert_close(compiled, gradients, rtol=0, atol=1e-5)
    assert list(Path(os.environ[CACHE]).rglob("*.so"))


@pytest.mark.slow
def test_a_gradient_penalty_differentiates_networks_that_are_not_compiled(cut):
    penalty = {"type": "GradientPenaltyTerm", "discriminator": "b", "image": "b", "loss": {"type": "R1Penalty"}}
    cut["model"]["phases"]["discriminate"]["terms"]["r1"] = penalty
    expected, model, notes = train(built(cut), 2), built(cut), []
    compile_networks(model, TRAIN, CPU, notes.append, "aot_eager")
    assert_close(train(model, 2), expected)
    assert notes == []


def test_without_a_compiler_networks_run_as_usual_and_the_reason_is_told_once(cut):
    def broken(graph: Any, inputs: Any) -> Any:
        raise RuntimeError("no compiler was found\nand how to install one")

    expected, model, notes = train(built(cut), 1), built(cut), []
    compile_networks(model, TRAIN, CPU, notes.append, broken)
    assert train(model, 1) == expected
    (note,) = notes
    assert note.startswith("train.compile: networks run without being compiled: ")
    assert "no compiler was found" in note
    assert "install" not in note


def test_a_network_that_cannot_be_compiled_is_named_and_the_others_are_compiled(cut):
    graphs = []

    def picky(graph: Any, inputs: Any) -> Any:
        convolutions = [node for node in graph.graph.nodes if node.op == "call_function" and "conv" in str(node.target)]
        if len(convolutions) > MOST:
            raise RuntimeError("too many convolutions")
        graphs.append(graph)
        return graph.forward

    expected, model, notes = train(built(cut), 2), built(cut), []
    compile_networks(model, TRAIN, CPU, notes.append, picky)
    assert_close(train(model, 2), expected)
    assert [note.partition(" runs ")[0] for note in notes] == ["train.compile: generators.ab"]
    assert len(graphs) > 1


def test_recomputed_stages_are_not_compiled(cut):
    notes: list[str] = []
    compile_networks(built(cut), {"checkpoint_activations": True}, CPU, notes.append)
    assert notes == [
        "train.compile: networks run without being compiled: train.checkpoint_activations computes their stages again."
    ]


def test_outside_of_training_nothing_is_compiled(cut):
    def counted(graph: Any, inputs: Any) -> Any:
        calls.append(graph)
        return graph.forward

    calls: list[Any] = []
    model = built(cut)
    compile_networks(model, TRAIN, CPU, calls.append, counted)
    before = len(calls)
    model.render({"a": torch.zeros(1, 3, 20, 20)}, ["ab(a)"])
    assert len(calls) == before
