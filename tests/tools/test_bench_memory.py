"""The table of estimated and measured memory, and that a measurement really trains."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow  # tries and trains steps


@pytest.fixture(scope="module")
def bench() -> Any:
    spec = importlib.util.spec_from_file_location("bench_memory", ROOT / "tools" / "bench_memory.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_line_has_estimate_measurement_their_ratio_and_what_checkpointing_saves(
    bench, monkeypatch, capsys
) -> None:
    measured = iter((200 * bench.MB, 150 * bench.MB))
    monkeypatch.setattr(bench, "_in_fresh_process", lambda config, shapes, device: next(measured))
    arguments = ["enco/stripes", "--sizes", "32", "--batches", "2", "--precisions", "fp32"]
    monkeypatch.setattr(sys, "argv", ["bench_memory.py", *arguments])
    bench.main()
    _, plain, lean = (line.split() for line in capsys.readouterr().out.splitlines())
    assert plain[:5] == ["enco/stripes", "32", "2", "fp32", "off"]
    estimate, ratio = float(plain[5]), float(plain[-1])
    assert estimate > 0
    assert ratio == pytest.approx(estimate / 200, abs=0.01)
    assert (lean[4], lean[-1]) == ("on", "0.75")


def test_a_measurement_trains_the_config_at_its_shapes(bench, monkeypatch) -> None:
    steps = []
    train_step = bench.RunnerModel.train_step

    def counted(model, batches, update):
        steps.append((batches[0]["a"].shape, model.translation.generators["ab"].checkpoint_activations))
        losses = train_step(model, batches, update)
        assert all(bool(loss.isfinite()) for loss in losses.values())
        return losses

    monkeypatch.setattr(bench.RunnerModel, "train_step", counted)
    config = bench._config("enco/stripes", 48, 1, "bf16", True)
    bench.measure({"config": config, "shapes": {"a": (1, 3, 48, 48), "b": (1, 3, 48, 48)}}, "cpu")
    tiny, real = torch.Size((1, 3, 32, 32)), torch.Size((1, 3, 48, 48))
    assert steps == [(tiny, True)] * bench.STEPS + [(real, True)] * bench.STEPS
