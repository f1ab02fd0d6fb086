"""A benchmark of two made-up methods, with records and logs as their slices would leave them."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from i2ikit.benchmark.plan import BenchmarkEntry, BenchmarkPlan, BenchmarkRun

CONFIG = {
    "model": {},
    "data": {"batch_size": 2, "train": {"type": "Stripes"}, "test": {"type": "Stripes", "split": "test"}},
    "train": {"steps": 10},
    "metrics": {"background": {"type": "BackgroundPSNR"}, "wasserstein": {"type": "SlicedWasserstein"}},
}
BETTER = {"background.db": "higher", "wasserstein.ratio": "lower"}


@pytest.fixture
def plan() -> BenchmarkPlan:
    """Two methods of ten steps, two seeds, two slices."""
    return BenchmarkPlan(
        [BenchmarkEntry("one", "one/x", CONFIG, 10), BenchmarkEntry("two", "two/x", CONFIG, 10)],
        [0, 1],
        10,
        slices=2,
        evaluations=2,
    )


@pytest.fixture
def ran(plan: BenchmarkPlan, tmp_path: Path) -> Callable[..., list[BenchmarkRun]]:
    """Leaves what runs leave: each step ``seconds`` long (the first of a slice ten times that), metrics by step."""

    def ran(
        seconds: Mapping[str, float],
        metrics: Mapping[str, Mapping[int, Mapping[str, float]]],
        paired: Sequence[str] = (),
    ) -> list[BenchmarkRun]:
        found = plan.runs(tmp_path)
        for run in found:
            pace = seconds[run.name]
            for first in (1, 6):
                times = [10 * pace, pace, pace, pace, pace]
                run.add_record(
                    {"first": first, "step": first + 4, "seconds": times, "memory": [100] * 4 + [150 * first]}
                )
            run.work_dir.mkdir(parents=True)
            lines: list[dict[str, Any]] = [
                {"event": "metrics", "step": step, "metrics": values, "better": BETTER, "paired": list(paired)}
                for step, values in metrics[run.name].items()
            ]
            (run.work_dir / "config.json").write_text(json.dumps(CONFIG))
            (run.work_dir / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return found

    return ran


@pytest.fixture
def finished(ran: Callable[..., list[BenchmarkRun]]) -> list[BenchmarkRun]:
    """Method one is fast and gets worse in the end; method two is slow and better."""
    names = {"one_seed0": (20, 18), "one_seed1": (22, 20), "two_seed0": (21, 25), "two_seed1": (21, 27)}
    return ran(
        {name: 0.1 if name.startswith("one") else 0.2 for name in names},
        {
            name: {
                5: {"background.db": first, "wasserstein.ratio": 1.0 / first},
                10: {"background.db": last, "wasserstein.ratio": 1.0 / last},
            }
            for name, (first, last) in names.items()
        },
    )
