"""Sharing passes changes nothing: neither losses nor gradients."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from i2ikit.build import Builder
from i2ikit.config import load_config
from i2ikit.translation import Progress, RandomStreams, UnpairedTranslation, build_model

pytestmark = pytest.mark.slow

METHODS = Path(__file__).parents[2] / "configs" / "_base_" / "methods"


def small_model(method: str) -> UnpairedTranslation:
    config = load_config(METHODS / f"{method}.py")["model"]
    blocks = 7 if method == "enco" else 5
    for network in config["generators"].values():
        network.update(filters=2, blocks=blocks, init="kaiming")
    for network in config["discriminators"].values():
        network.update(filters=2, layers=1, init="kaiming")
    for head in config.get("heads", {}).values():
        head.update(dim=8, init="kaiming")
    for term in config["phases"]["generate"]["terms"].values():
        if term["type"] == "PatchTerm":
            term["sampler"]["num"] = 16
    torch.manual_seed(0)
    model = build_model(config, Builder())
    assert model is not None
    return model.double()


def one_step(model: UnpairedTranslation) -> tuple[list[dict[str, Tensor]], list[dict[str, Tensor]]]:
    """Return the losses of a step and the gradients of each phase; each phase ends in a step down its gradient."""
    gradients: list[dict[str, Tensor]] = []

    def update(phase: str, total: Tensor) -> None:
        total.backward()
        updated = model.phases[phase].update
        named = {f"{name}.{key}": p for name in updated for key, p in model.networks[name].named_parameters()}
        gradients.append({name: p.grad.clone() for name, p in named.items() if p.grad is not None})
        with torch.no_grad():
            for parameter in named.values():
                if parameter.grad is not None:
                    parameter -= 0.01 * parameter.grad
        model.zero_grad()

    draws = torch.Generator().manual_seed(1)
    batch = {name: torch.rand(2, 3, 16, 16, dtype=torch.float64, generator=draws) * 2 - 1 for name in "ab"}
    return [model.train_step([batch], update, Progress(1, 1, 200, 3), [RandomStreams(0, 1)])], gradients


def difference(ours: Any, others: Any) -> float:
    """Return the largest difference of two lists of dicts of tensors, relative to each tensor's largest value.

    Gradients of biases that an instance norm cancels are zero but for rounding, and left out.
    """
    assert [each.keys() for each in ours] == [each.keys() for each in others]
    pairs = [(one[name], other[name]) for one, other in zip(ours, others, strict=True) for name in one]
    return max(
        ((x - y).abs().max() / y.abs().max()).item() for x, y in pairs if max(x.abs().max(), y.abs().max()) > 1e-11
    )


@pytest.mark.parametrize("method", ["cut", "cyclegan", "dclgan", "enco"])
def test_losses_and_gradients_are_those_of_separate_passes(method: str) -> None:
    model = small_model(method)
    other = copy.deepcopy(model)
    other.plain = True
    losses, gradients = one_step(model)
    other_losses, other_gradients = one_step(other)
    assert difference(losses, other_losses) < 1e-12
    assert difference(gradients, other_gradients) < 1e-12


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        (False, [2, 2]),  # [a; b], whose features are the keys, and [ab(a); ab(b)]
        (True, [1] * 8),  # ab(a) for both phases; for each of a and b a translation and its two sets of features
    ],
)
def test_images_of_the_generator_calls_of_a_cut_step(
    plain: bool, expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = small_model("cut")
    model.plain = plain
    sizes: list[int] = []
    trace = model.generators["ab"].trace

    def counted(x: Tensor, taps: Sequence[str]) -> dict[str, Tensor]:
        sizes.append(len(x))
        return trace(x, taps)

    monkeypatch.setattr(model.generators["ab"], "trace", counted)
    batch = {name: torch.rand(1, 3, 16, 16, dtype=torch.float64) for name in "ab"}
    model.train_step([batch], lambda _phase, _total: None, Progress(1, 1, 1, 1), [RandomStreams(0, 1)])
    assert sizes == expected


@pytest.mark.parametrize("method", ["cut", "dclgan", "enco"])
def test_embeddings_that_are_exactly_zero_give_finite_losses_and_gradients(method: str) -> None:
    model = small_model(method)
    with torch.no_grad():
        for parameter in model.heads.parameters():
            parameter.zero_()
    losses, gradients = one_step(model)
    assert all(value.isfinite().all() for values in (*losses, *gradients) for value in values.values())


def with_fixed_keys(method: str) -> UnpairedTranslation:
    """Return a model of the content term alone whose keys come from a copy of the generator that stays as it is."""
    config = load_config(METHODS / f"{method}.py")["model"]
    content = config["phases"]["generate"]["terms"]["content"]
    content.update(key=["fixed", content["key"][1]], sampler={"type": "RandomSampler", "num": 16}, weight=1.0)
    generator = {"type": "ResNetGenerator", "filters": 2, "blocks": 7, "init": "kaiming"}
    head = next(iter(config["heads"].values())) | {"dim": 8, "init": "kaiming"}
    phase = {"update": ["generators.ab", "heads"], "terms": {"content": content}}
    model_config = {
        "generators": {"ab": generator, "fixed": generator},
        "heads": {"f": head},
        "phases": {"only": phase},
    }
    torch.manual_seed(0)
    builder = Builder()
    model = build_model(model_config, builder)
    assert model is not None, builder.errors
    model.generators["fixed"].load_state_dict(model.generators["ab"].state_dict())
    return model.double()


@pytest.mark.parametrize("method", ["cut", "enco"])
def test_gradients_through_instance_norms_are_right_at_batch_size_1(method: str) -> None:
    """PyTorch's CPU instance norm is wrong at batch 1 for gradients with channels last; patches must not make those."""
    model = with_fixed_keys(method)
    batch = {"a": torch.rand(1, 3, 16, 16, dtype=torch.float64) * 2 - 1}
    totals: list[Tensor] = []

    def loss() -> Tensor:
        model.train_step(
            [batch], lambda _phase, total: totals.append(total), Progress(1, 1, 1, 1), [RandomStreams(0, 1)]
        )
        return totals.pop()

    parameters = list(model.generators["ab"].parameters())
    gradients = torch.autograd.grad(loss(), parameters, allow_unused=True)
    for index, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
        if gradient is None or gradient.norm() < 1e-9:  # not read, or a bias that an instance norm cancels
            continue
        direction = torch.randn(parameter.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(index))
        with torch.no_grad():
            parameter += 1e-6 * direction
            above = loss().item()
            parameter -= 2e-6 * direction
            below = loss().item()
            parameter += 1e-6 * direction
        expected = (above - below) / 2e-6
        assert (gradient * direction).sum().item() == pytest.approx(expected, rel=1e-4, abs=1e-6)
