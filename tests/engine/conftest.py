"""Runs of the engine train the tiny parts; what tests of complete runs share."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from i2ikit.engine.checkpointing.checkpoint import read_checkpoint
from i2ikit.engine.reporter import Reporter, RunResult, RunSummary
from i2ikit.engine.train import train


@pytest.fixture(autouse=True)
def _tiny_parts(tiny_parts: None) -> None:
    """Registers them for every test below."""


class Recorder(Reporter):
    """Keeps everything that a run reports."""

    def __init__(self) -> None:
        self.summary: RunSummary | None = None
        self.steps: list[tuple[int, int, float, float, dict[str, float]]] = []
        self.notes: list[str] = []
        self.result: RunResult | None = None

    def start(self, summary: RunSummary) -> None:
        self.summary = summary

    def step(self, step, epoch, rate, eta, losses) -> None:
        self.steps.append((step, epoch, rate, eta, dict(losses)))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def finish(self, result: RunResult) -> None:
        self.result = result


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def read_log(work_dir: Path, event: str | None = None) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (work_dir / "log.jsonl").read_text().splitlines()]
    return [line for line in lines if line.get("event") == event]


@pytest.fixture
def log_of() -> Callable[..., list[dict[str, Any]]]:
    """``log_of(work_dir)``: lines of losses; ``log_of(work_dir, "metrics")``: lines of an event."""
    return read_log


@pytest.fixture
def state_of() -> Callable[..., dict[str, Any]]:
    """``state_of(work_dir, step)``: everything in which a resumed run and an uninterrupted one have to agree."""

    def read(work_dir: Path, step: int = 12) -> dict[str, Any]:
        checkpoint = read_checkpoint(work_dir / "checkpoints" / f"step_{step:06d}.pt")
        return {
            "model": checkpoint.model,
            "optimizers": checkpoint.optimizers,
            "progress": checkpoint.progress,
            "hooks": checkpoint.extra["hooks"],
            "log": [(line["step"], line["lr"], line["losses"]) for line in read_log(work_dir)],
        }

    return read


@pytest.fixture(scope="session")
def finished_runs() -> dict[str, Path]:
    """The work directories of complete runs by their configs."""
    return {}


@pytest.fixture
def trained(
    finished_runs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[dict[str, Any]], Path]:
    """``trained(config)`` returns the work directory of a complete run, which no test changes."""

    def find(config: dict[str, Any]) -> Path:
        key = json.dumps(config, sort_keys=True)
        if key not in finished_runs:
            work_dir = tmp_path_factory.mktemp("finished") / "run"
            train(copy.deepcopy(config), work_dir=work_dir)
            finished_runs[key] = work_dir
        return finished_runs[key]

    return find


@pytest.fixture
def assert_same() -> Callable[..., None]:
    """``assert_same(found, expected)`` compares nested data, tensors bit for bit."""

    def compare(found: Any, expected: Any, path: str = "") -> None:
        if isinstance(expected, torch.Tensor):
            assert torch.equal(found, expected), path
        elif isinstance(expected, dict):
            assert found.keys() == expected.keys(), path
            for key, value in expected.items():
                compare(found[key], value, f"{path}.{key}")
        elif isinstance(expected, list | tuple):
            assert len(found) == len(expected), path
            for index, value in enumerate(expected):
                compare(found[index], value, f"{path}.{index}")
        else:
            assert found == expected, path

    return compare
