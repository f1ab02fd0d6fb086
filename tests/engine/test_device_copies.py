"""A step never waits for its device: it reads no value of a tensor there, and copies only the positions it samples.

That is a whole step: passes, losses, gradients, their check and their clip, updates, averages, learning rates, and the
hooks where none is due. It runs on the meta device, whose tensors have no values, so that reading one is an error.
"""

import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from i2ikit.config import load_config
from i2ikit.config.validate import build_trial_model
from i2ikit.engine.hooks.alarms import OverpoweringAlarm
from i2ikit.engine.hooks.log import LogHook
from i2ikit.engine.optim import PhaseUpdater, build_optimizers
from i2ikit.engine.runner import RunnerModel
from i2ikit.translation import Progress

FOLDER = Path(__file__).parents[2] / "configs" / "_base_" / "methods"
METHODS = sorted(path.stem for path in FOLDER.glob("*.py"))
META = torch.device("meta")
ADAM = {"type": "Adam", "lr": 2e-4}
WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "unique2", "_unique2", "equal", "is_nonzero")


class Copies(TorchDispatchMode):
    """Counts copies from the CPU, and refuses what makes a GPU wait: a value or a size that is read from a tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.copies: Counter[torch.dtype] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        inputs = [x for x in tree_leaves((args, kwargs or {})) if isinstance(x, Tensor)]
        on_device = any(x.device == META for x in inputs)
        name = func._schema.name.removeprefix("aten::")
        assert not (on_device and name in WAITING), name
        indices = args[1] if name in ("index", "index_put", "index_put_") else ()
        assert not any(x is not None and x.dtype == torch.bool for x in indices), "an index by truth values"
        out = func(*args, **(kwargs or {}))
        if not on_device and isinstance(out, Tensor) and out.device == META and inputs:
            self.copies[out.dtype] += 1
        return out


@pytest.fixture
def fused_on_meta(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fused optimizers update tensors without values too."""
    monkeypatch.setattr(
        sys.modules["torch.optim.adam"], "_device_dtype_check_for_fused", lambda *arguments, **options: None
    )
    monkeypatch.setattr("i2ikit.engine.optim.FUSED_ON", ("meta",))


def steps(config: dict[str, Any], count: int) -> Copies:
    model, errors = build_trial_model(config)
    assert model is not None, errors
    model.to(META)
    updater = PhaseUpdater(
        build_optimizers(model.phases, model.networks, config.get("optimizer", ADAM)), clip_gradients=1.0
    )
    assert updater.fused
    runner = RunnerModel(model, META, seed=0)
    hooks = [LogHook(100), OverpoweringAlarm(steps=100)]
    batch = {name: torch.zeros(2, 3, 64, 64, device=META) for name in "ab"}
    model.train()
    with Copies() as found:
        for step in range(2, count + 2):  # after the first, which is logged
            runner.progress = Progress(1, step, 100, 100)
            run = cast(Any, SimpleNamespace(progress=runner.progress, seconds=lambda: 0.0, log=Mock()))
            updater.set_rates(1 / step)
            losses = runner.train_step([batch], updater)
            updater.take_flags()
            for hook in hooks:
                hook.after_step(run, losses)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.usefixtures("fused_on_meta")
def test_a_step_reads_no_value_and_copies_the_positions_of_a_term_at_once(method: str) -> None:
    config = load_config(FOLDER / f"{method}.py")
    terms = [term for phase in config["model"]["phases"].values() for term in phase["terms"].values()]
    sampled = sum("sampler" in str(term) for term in terms)
    found = steps(config, 2)
    assert found.copies.keys() <= {torch.int64}
    assert found.copies[torch.int64] <= 2 * 2 * sampled  # two steps; a pool and a rest


def test_a_term_that_reads_a_value_is_found() -> None:
    with Copies(), pytest.raises(AssertionError, match="_local_scalar_dense"):
        torch.zeros(1, device=META).item()


def test_an_index_by_truth_values_is_found() -> None:
    x = torch.zeros(3, device=META)
    with Copies(), pytest.raises(AssertionError, match="an index by truth values"):
        x[x > 0]


def test_a_copy_from_the_cpu_is_counted() -> None:
    with Copies() as found:
        torch.zeros(3).to(META)
        torch.zeros(3, device=META) + 1
    assert found.copies == {torch.float32: 1}


@pytest.mark.slow
@pytest.mark.usefixtures("fused_on_meta")
def test_an_augmented_discriminator_reads_no_value_and_copies_random_numbers_once_for_each_batch_that_it_sees():
    config = load_config(FOLDER / "cut.py")
    plain = steps(config, 2).copies[torch.float32]
    seen = 3  # a real and a generated batch, and the generated one with a graph
    for augment in ("DiffAugment", "ADA"):
        config["model"]["discriminators"]["b"]["augment"] = {"type": augment}
        assert steps(config, 2).copies[torch.float32] == plain + 2 * seen
