"""Pains 3 and 8: measurements during a run, best and last, an early end, best.pt; all of it survives a resume."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook

from i2ikit.engine.checkpointing.checkpoint import read_checkpoint
from i2ikit.engine.hooks.evaluation import format_measurement
from i2ikit.engine.interruption import RunInterruptedError
from i2ikit.engine.reporter import Reporter
from i2ikit.engine.train import train
from i2ikit.errors import MetricError
from i2ikit.evaluation.measure import Measurement
from i2ikit.metrics.base import Metric
from i2ikit.registry import METRICS

pytestmark = pytest.mark.slow  # whole trainings


class Scripted(Metric):
    """Returns values from a list, one for each measurement, also after a resume."""

    better = {"value": "lower"}  # noqa: RUF012
    values: list[float] = []  # noqa: RUF012
    interrupt_at: int | None = None
    measured = 0

    def reset(self) -> None:
        pass

    def update(self, sample: dict[str, torch.Tensor]) -> None:
        if Scripted.interrupt_at == Scripted.measured:
            Scripted.interrupt_at = None
            os.kill(os.getpid(), signal.SIGTERM)

    def compute(self) -> dict[str, float]:
        Scripted.measured += 1
        return {"value": Scripted.values[Scripted.measured - 1]}


class Absent(Scripted):
    def prepare(self, device: torch.device) -> None:
        raise MetricError("its file is not here")


class Notes(Reporter):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def scripted(cut) -> dict[str, Any]:
    """A run of 12 steps that measures after steps 3, 6, 9 and 12."""
    for part in (Scripted, Absent):
        METRICS.register_module(force=True)(part)
    Scripted.values, Scripted.measured, Scripted.interrupt_at = [5.0, 3.0, 4.0, 6.0], 0, None
    cut["metrics"] = {"script": {"type": "Scripted"}, "mean": {"type": "MeanBrightness"}}
    cut["evaluation"] = {"every": 3}
    yield cut
    for part in (Scripted, Absent):
        METRICS.module_dict.pop(part.__name__)


def measurements(work_dir: Path) -> list[dict[str, Any]]:
    lines = map(json.loads, (work_dir / "log.jsonl").read_text().splitlines())
    return [line for line in lines if line.get("event") == "metrics"]


def weights(work_dir: Path, step: int = 12) -> dict[str, Any]:
    return read_checkpoint(work_dir / "checkpoints" / f"step_{step:06d}.pt").model


def test_measurements_are_logged_with_their_protocol_and_best_and_last_are_reported(scripted, tmp_path):
    listener = Notes()
    result = train(scripted, work_dir=tmp_path, reporter=listener)
    lines = measurements(tmp_path)
    assert [(line["step"], line["metrics"]["script.value"]) for line in lines] == [(3, 5), (6, 3), (9, 4), (12, 6)]
    assert [line.get("last", False) for line in lines] == [False, False, False, True]
    assert lines[0]["better"] == {"script.value": "lower"}
    protocol = lines[0]["protocol"]
    assert (protocol["images"], protocol["size"], protocol["weights"]) == (3, "16x16", "raw")
    assert protocol["data"] == {"type": "NoisyPairs", "count": 3}
    assert all(line["protocol"] == protocol for line in lines)
    assert (result.metrics["script.value"], result.best["value"], result.best["step"]) == (6, 3, 6)
    assert result.best == lines[-1]["best"]
    assert not (tmp_path / "checkpoints" / "best.pt").exists()  # evaluation.metric is not set
    assert [note for note in listener.notes if note.startswith("step 9")] == [
        f"step 9: script.value 4  mean.brightness {lines[2]['metrics']['mean.brightness']:.4g}  mean.images 3  "
        "(best script.value 3 at step 6)"
    ]


def test_measuring_changes_no_weight(scripted, tmp_path):
    train(scripted, work_dir=tmp_path / "measured")
    train({**scripted, "evaluation": {}, "metrics": {}}, work_dir=tmp_path / "not")
    first, second = weights(tmp_path / "measured"), weights(tmp_path / "not")
    assert all(torch.equal(first[name], second[name]) for name in second if isinstance(second[name], torch.Tensor))


def test_a_run_that_no_longer_improves_ends_saved_and_measured(scripted, tmp_path):
    Scripted.values = [5.0, 5.0, 7.0, 4.0]
    scripted["evaluation"] = {"every": 2, "stop_after": 2, "metric": "script.value"}
    listener = Notes()
    result = train(scripted, work_dir=tmp_path, reporter=listener)
    assert (result.step, result.paused) == (6, False)
    assert [line["step"] for line in measurements(tmp_path)] == [2, 4, 6]
    assert measurements(tmp_path)[-1]["last"]
    assert result.checkpoint == tmp_path / "checkpoints" / "step_000006.pt"
    expected = "ends at step 6 of 12: script.value was best at step 2 and has not improved in 2 measurements"
    assert any(expected in note for note in listener.notes)

    before = measurements(tmp_path)
    again = train(scripted, work_dir=tmp_path, resume=True)
    assert (again.step, again.metrics, again.best) == (6, result.metrics, result.best)
    assert measurements(tmp_path) == before

    scripted["metrics"]["more"] = {"type": "MeanBrightness"}
    assert "more.brightness" in train(scripted, work_dir=tmp_path, resume=True).metrics


@pytest.mark.parametrize(("better", "step", "value"), [("lower", 6, 3), ("higher", 12, 6)])
def test_one_key_decides_the_best_measurement_and_the_best_checkpoint_also_after_a_resume(
    scripted, tmp_path, better, step, value
):
    scripted["evaluation"] = {"every": 3, "metric": "script.value", "better": better}
    train(scripted, work_dir=tmp_path, pause_at=7)
    result = train(scripted, work_dir=tmp_path, resume=True)
    assert [line["step"] for line in measurements(tmp_path)] == [3, 6, 9, 12]
    assert (result.best["step"], result.best["value"]) == (step, value)
    best = read_checkpoint(tmp_path / "checkpoints" / "best.pt")
    assert best.progress["step"] == step
    assert best.extra["hooks"]["EvaluationHook"]["best"] == result.best


def test_a_decisive_value_that_nothing_measures_is_reported_with_the_nearest(scripted, tmp_path):
    scripted["evaluation"] = {"metric": "mean.brightnes", "better": "higher"}
    listener = Notes()
    train(scripted, work_dir=tmp_path, max_steps=1, reporter=listener)
    assert any("nothing measures 'mean.brightnes'. Nearest: 'mean.brightness'" in note for note in listener.notes)
    assert not (tmp_path / "checkpoints" / "best.pt").exists()


def test_an_interrupted_measurement_is_repeated_after_a_resume(scripted, tmp_path):
    Scripted.interrupt_at = 1  # in the second measurement
    with pytest.raises(RunInterruptedError, match="stopped after step 6 of 12"):
        train(scripted, work_dir=tmp_path)
    assert [line["step"] for line in measurements(tmp_path)] == [3]
    train(scripted, work_dir=tmp_path, resume=True)
    assert [line["step"] for line in measurements(tmp_path)] == [3, 6, 9, 12]


def test_an_interrupted_last_measurement_leaves_a_run_that_can_be_measured(scripted, tmp_path):
    Scripted.interrupt_at = 3
    with pytest.raises(RunInterruptedError, match=r"done and saved.* not measured"):
        train(scripted, work_dir=tmp_path)
    result = train(scripted, work_dir=tmp_path, resume=True)
    assert (result.step, result.metrics["script.value"]) == (12, 6)


def test_what_cannot_be_measured_is_reported_before_the_first_step_and_logged_as_missing(scripted, tmp_path):
    scripted["metrics"] = {"gone": {"type": "Absent"}, "also": {"type": "Absent"}, **scripted["metrics"]}
    listener = Notes()
    result = train(scripted, work_dir=tmp_path, max_steps=2, reporter=listener)
    assert "gone, also cannot be measured: its file is not here" in listener.notes
    assert result.missing == {"gone": "its file is not here", "also": "its file is not here"}
    assert measurements(tmp_path)[-1]["missing"] == result.missing
    assert "script.value" in result.metrics


def test_averaged_or_raw_weights_are_measured_as_configured(scripted, tmp_path):
    scripted["metrics"] = {"mean": {"type": "MeanBrightness"}}
    scripted["model"]["averages"] = {"ab_mean": {"of": "generators.ab", "momentum": 1.0}}
    found = {}
    for kind in ("average", "raw"):
        scripted["evaluation"] = {"every": 6, "weights": kind}
        train(scripted, work_dir=tmp_path / kind)
        lines = measurements(tmp_path / kind)
        assert {line["protocol"]["weights"] for line in lines} == {kind}
        found[kind] = [line["metrics"]["mean.brightness"] for line in lines]
    assert found["average"][0] == found["average"][1]  # a momentum of 1 never moves
    assert found["raw"][0] != found["raw"][1]


def test_other_hooks_receive_each_measurement(scripted, tmp_path):
    received = []

    class Receiving(Hook):
        def after_val_epoch(self, runner, metrics=None) -> None:
            received.append(metrics["script.value"])

    train(scripted, work_dir=tmp_path, hooks=[Receiving()])
    assert received == [5, 3, 4, 6]


def test_the_decisive_value_comes_first():
    found = Measurement(metrics={"a.x": 1.0, "b.y": 2.0})
    best = {"metric": "b.y", "value": 1.5, "step": 3}
    assert format_measurement(found, best) == "b.y 2  a.x 1  (best b.y 1.5 at step 3)"
    assert format_measurement(found, {}) == "a.x 1  b.y 2"
