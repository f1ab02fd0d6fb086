"""What a benchmark compares: which configs, on which data, for how long; and where its runs are."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from i2ikit.config import find_config, resolve_config
from i2ikit.errors import I2IKitError
from i2ikit.files import read_json_lines, write_atomically
from i2ikit.report.page import distinct_names
from i2ikit.report.settings import differences
from i2ikit.work_dir import WorkDir

PLAN = "plan.json"


class BenchmarkError(I2IKitError):
    """Configs that cannot be compared, or a folder that holds another benchmark."""


@dataclass(frozen=True)
class BenchmarkEntry:
    """One method.

    Attributes:
        label: its name in tables and plots.
        name: of the config, as the user gave it.
        config: resolved, without seed.
        steps: length of its runs; 0 until it is known.
    """

    label: str
    name: str
    config: dict[str, Any]
    steps: int


@dataclass(frozen=True)
class BenchmarkRun:
    """One run of a benchmark and its files.

    Attributes:
        entry: its method.
        seed: its seed.
        folder: of the benchmark.
    """

    entry: BenchmarkEntry
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
        """File with a JSON line for each slice."""
        return self.folder / "records" / f"{self.name}.jsonl"

    def config(self, evaluations: int) -> dict[str, Any]:
        """Return the config of the run: the method's, with the length and the intervals that all runs share."""
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
        """Return the records of the slices so far, oldest first."""
        return list(read_json_lines(self.record))

    def add_record(self, record: Mapping[str, Any]) -> None:
        """Add the record of a slice; it is on disk when this returns."""
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
        """Return whether the run is trained, measured and recorded."""
        return any(record["step"] >= self.entry.steps for record in self.records())


@dataclass(frozen=True)
class BenchmarkPlan:
    """A benchmark.

    Attributes:
        entries: the methods.
        seeds: of the runs of each method.
        steps: length of the runs; None: ``minutes`` decide.
        minutes: of training for each run, or None.
        slices: parts into which each run is cut.
        evaluations: how often each run is measured, the end included.
        device: as for `i2ikit train --device`.
    """

    entries: list[BenchmarkEntry]
    seeds: list[int]
    steps: int | None = None
    minutes: float | None = None
    slices: int = 5
    evaluations: int = 10
    device: str = "auto"

    def runs(self, folder: Path) -> list[BenchmarkRun]:
        """Return all runs of the benchmark in a folder, the methods of one seed side by side."""
        return [BenchmarkRun(entry, seed, folder) for seed in self.seeds for entry in self.entries]


def make_plan(
    plan: BenchmarkPlan,
    configs: Sequence[str],
    *,
    data: Path | None = None,
    overrides: Sequence[str] = (),
    recipes: Sequence[str] = (),
) -> BenchmarkPlan:
    """Return a plan with an entry for each config.

    Args:
        plan: everything but the entries.
        configs: files, or names of packaged configs, >= 1.
        data, overrides, recipes: as for `i2ikit train --data`, `--set` and `--recipe`, for all configs.

    Raises:
        ConfigError: a config has errors.
        BenchmarkError: a config is given twice, nothing limits the runs, or data or metrics differ.
    """
    if plan.steps is None and plan.minutes is None:
        raise BenchmarkError("the length of the runs is not set: give --steps N, --minutes M, or both.")
    if len(set(plan.seeds)) < len(plan.seeds):
        raise BenchmarkError(f"a seed is given twice: --seeds {','.join(map(str, plan.seeds))}")
    paths = [find_config(name) for name in configs]
    steps = plan.steps if plan.steps is not None and plan.minutes is None else 0
    entries = [
        BenchmarkEntry(label, str(name), resolve_config(path, overrides, data, recipes), steps)
        for label, name, path in zip(labels(paths), configs, paths, strict=True)
    ]
    check_comparable(entries)
    return replace(plan, entries=entries)


def labels(paths: Sequence[Path]) -> list[str]:
    """Return a short name for each config: its folder, or as much of its path as is distinct where folders repeat.

    Raises:
        BenchmarkError: a config is named twice.
    """
    resolved = [path.resolve() for path in paths]
    for path in resolved:
        if resolved.count(path) > 1:
            raise BenchmarkError(f"{path} would be compared with itself: name every config once.")
    folders = [path.parent.name for path in resolved]
    if len({*folders}) == len(folders):
        return folders
    return [name.replace("/", "_") for name in distinct_names([path.with_suffix("") for path in resolved])]


def check_comparable(entries: Sequence[BenchmarkEntry]) -> None:
    """Raise BenchmarkError, naming the first difference, unless all entries share data and metrics."""
    first = entries[0]
    for entry in entries[1:]:
        for key, (ours, theirs) in differences([_shared(first.config), _shared(entry.config)]).items():
            raise BenchmarkError(
                f"{first.name} and {entry.name} cannot be compared: {key} is {ours} in the first "
                f"and {theirs} in the other. Give both the same with --data DIR or --set."
            )


def _shared(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that compared configs share; transform and batch size of the training are the method's."""
    data = {key: config["data"].get(key) for key in ("load_size", "crop_size", "train", "test")}
    data["train"] = {key: value for key, value in (data["train"] or {}).items() if key != "transform"}
    return {"data": data, "metrics": config.get("metrics")}


def keep_plan(folder: Path, plan: BenchmarkPlan) -> BenchmarkPlan:
    """Write the plan into the folder of a new benchmark, or return the equal plan that is there, to resume it.

    Raises:
        BenchmarkError: the folder holds another benchmark, or something else.
    """
    if (folder / PLAN).is_file():
        kept = read_plan(folder)
        for key, (new, old) in differences([_requested(plan), _requested(kept)]).items():
            raise BenchmarkError(
                f"{folder} holds another benchmark: {key} is {new} here and {old} there. Resume that one with its own "
                "command, or name a new folder with --out."
            )
        return kept
    if folder.exists() and any(folder.iterdir()):
        raise BenchmarkError(f"{folder} is not empty and holds no benchmark: name a new folder with --out.")
    folder.mkdir(parents=True, exist_ok=True)
    write_plan(folder, plan)
    return plan


def _requested(plan: BenchmarkPlan) -> dict[str, Any]:
    """Return what the user decides; the steps that fit into ``minutes`` are measured."""
    return {**asdict(plan), "entries": {entry.label: entry.config for entry in plan.entries}}


def write_plan(folder: Path, plan: BenchmarkPlan) -> None:
    """Write the plan of a benchmark."""
    write_atomically(folder / PLAN, json.dumps(asdict(plan), indent=1))


def read_plan(folder: Path) -> BenchmarkPlan:
    """Return the plan of a benchmark.

    Raises:
        BenchmarkError: it is damaged.
    """
    path = folder / PLAN
    try:
        content = json.loads(path.read_text("utf-8"))
        return BenchmarkPlan(**{**content, "entries": [BenchmarkEntry(**entry) for entry in content["entries"]]})
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise BenchmarkError(f"{path} is damaged: {error}. Name a new folder with --out.") from error
