"""The folder of a comparison: where runs are, and what was recorded of their slices."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from i2ikit.benchmark.plan import Entry, Plan
from i2ikit.files import read_json_lines
from i2ikit.work_dir import WorkDir

SPARE = 2  # steps of a slice whose time does not count: caches and allocators are still filled


@dataclass(frozen=True)
class Run:
    """One run of a comparison, as a place on disk.

    Attributes:
        entry: its method.
        seed: its seed.
        folder: of the comparison.
    """

    entry: Entry
    seed: int
    folder: Path

    @property
    def name(self) -> str:
        """Method and seed."""
        return f"{self.entry.label}_seed{self.seed}"

    @property
    def work_dir(self) -> Path:
        """The run's work directory."""
        return self.folder / "runs" / self.name

    @property
    def record(self) -> Path:
        """File of what each slice took, a line each."""
        return self.folder / "records" / f"{self.name}.jsonl"

    def config(self, evaluations: int) -> dict[str, Any]:
        """Return the config of the run: the method's, with the length and the rhythm that all runs share."""
        every = max(1, -(-self.entry.steps // evaluations))
        config = self.entry.config
        train = {key: value for key, value in config["train"].items() if key != "epochs"}
        evaluation = {key: value for key, value in config.get("evaluation", {}).items() if key != "stop_after"}
        return {
            **config,
            "seed": self.seed,
            "train": {**train, "steps": self.entry.steps},
            "evaluation": {**evaluation, "every": every},
            "samples": {**config.get("samples", {}), "every": every},
            "log": {**config.get("log", {}), "every": max(1, min(50, every // 2))},
        }

    def records(self) -> list[dict[str, Any]]:
        """Return what was recorded of the slices so far, oldest first."""
        return list(read_json_lines(self.record))

    def add_record(self, record: Mapping[str, Any]) -> None:
        """Add what a slice took; a line is on disk before this returns."""
        self.record.parent.mkdir(parents=True, exist_ok=True)
        with self.record.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def done(self) -> int:
        """Return the steps that are done and saved."""
        found = WorkDir(self.work_dir).list_checkpoints()
        return int(found[-1].stem.removeprefix("step_")) if found else 0

    def finished(self) -> bool:
        """Say whether the run is trained, measured and recorded."""
        return any(record["step"] >= self.entry.steps for record in self.records())


def runs(plan: Plan, folder: Path) -> list[Run]:
    """Return all runs of a comparison, the methods of one seed side by side."""
    return [Run(entry, seed, folder) for entry, seed in plan.runs()]
