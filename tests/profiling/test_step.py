"""What a step costs; pain 5: out of memory, so an estimate before the run."""

import json
from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor

from i2ikit.build import Builder
from i2ikit.config.sections import with_defaults
from i2ikit.engine.optim import build_optimizers
from i2ikit.errors import I2IKitError
from i2ikit.nn.recompute import checkpoint_activations
from i2ikit.profiling.counters import StepCounter
from i2ikit.profiling.step import StepCost, step_cost
from i2ikit.registry import LOSSES
from i2ikit.translation import Progress, RandomStreams, build_model

pytestmark = pytest.mark.slow  # each tries several steps
SHAPES = {"a": (1, 3, 32, 32), "b": (1, 3, 32, 32)}
COSTS: dict[str, StepCost] = {}


@pytest.fixture
def still(cut) -> dict[str, Any]:
    """CUT without the mirror: no step differs from another, so two are tried instead of eight."""
    model = json.loads(json.dumps(cut["model"]).replace("mirror(a)", "a"))
    return {**cut, "model": {**model, "views": {}}}


def cost(config: dict[str, Any], shapes: Any = SHAPES, **train: Any) -> StepCost:
    """Return the cost of a step, estimated once for each config."""
    key = json.dumps([config, shapes, train], sort_keys=True)
    if key not in COSTS:
        filled = with_defaults(deepcopy(config))
        COSTS[key] = step_cost({**filled, "train": {**filled["train"], **train}}, shapes)
    return COSTS[key]


def measured(config: dict[str, Any], lean: bool) -> int:
    """Return the peak bytes of tensors in the second of two real steps."""
    with StepCounter() as memory:
        model = build_model(config["model"], Builder())
        assert model is not None
        if lean:
            checkpoint_activations(model)
        optimizers = build_optimizers(model.phases, model.networks, config["optimizer"])

        def update(phase: str, loss: Tensor) -> None:
            optimizers[phase].zero_grad(set_to_none=True)
            loss.backward()
            optimizers[phase].step()

        for step in (1, 2):
            memory.reset_peak()
            images = {name: torch.rand(*shape) for name, shape in SHAPES.items()}
            model.train_step([images], update, Progress(1, step, 10, 10), [RandomStreams(0, step)])
        return memory.peak


def test_parameters_are_counted_and_their_gradients_and_moments_stay_between_steps(still):
    found = cost(still)
    model = build_model(still["model"], Builder())
    assert model is not None
    count = sum(parameter.numel() for parameter in model.parameters())
    assert found.parameters == count
    assert found.held == pytest.approx(4 * 4 * count, rel=0.05)  # weight, gradient, two moments of Adam; blur filters
    assert found.peak > found.held


@pytest.mark.parametrize("method", ["cyclegan", "still"])
@pytest.mark.parametrize("lean", [False, True])
def test_the_estimate_is_the_peak_of_a_real_step(method, lean, request):
    config = request.getfixturevalue(method)
    torch.manual_seed(0)
    assert cost(config, checkpoint_activations=lean).peak == pytest.approx(measured(config, lean), rel=0.05)


def test_checkpointing_costs_arithmetic_and_saves_memory(still):
    plain, lean = cost(still), cost(still, checkpoint_activations=True)
    assert lean.macs > 1.05 * plain.macs
    assert lean.peak < 0.9 * plain.peak
    assert lean.held == plain.held


def test_half_precision_saves_memory_and_no_arithmetic(still):
    plain, half = cost(still), cost(still, precision="bf16")
    assert half.macs == plain.macs
    assert half.peak < 0.95 * plain.peak
    lean = cost(still, precision="bf16", checkpoint_activations=True)
    assert lean.peak < half.peak


def test_twice_the_batch_is_twice_the_arithmetic(still):
    single, double = cost(still), cost(still, {name: (2, *shape[1:]) for name, shape in SHAPES.items()})
    assert double.macs == pytest.approx(2 * single.macs)
    assert double.peak - double.held > 1.8 * (single.peak - single.held)


def test_accumulating_two_batches_holds_less_than_one_of_twice_the_size(still):
    accumulated = cost(still, accumulate=2)
    double = cost(still, {name: (2, *shape[1:]) for name, shape in SHAPES.items()})
    assert accumulated.peak < double.peak


class ReadsValues(torch.nn.Module):
    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        return (image - target).abs().mean() * (1 if image.mean().item() > 0 else 2)


def test_a_part_that_reads_values_is_refused(cyclegan):
    LOSSES.register_module()(ReadsValues)
    try:
        cyclegan["model"]["phases"]["generate"]["terms"]["cycle_a"]["loss"] = {"type": "ReadsValues"}
        with pytest.raises(I2IKitError, match="cannot run on the meta device"):
            cost(cyclegan)
    finally:
        LOSSES.module_dict.pop("ReadsValues")
