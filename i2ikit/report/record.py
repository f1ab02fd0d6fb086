"""A run as its work directory shows it: log, metrics and config."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from i2ikit.registry import METRICS
from i2ikit.report.run_files import RunFiles

MOST_STEPS = 2**53  # beyond it JavaScript does not count
MOST_SERIES = 500  # losses, rates, metrics of one run, each
Point = tuple[float, int]  # value and step


@dataclass(frozen=True)
class Series:
    """One scalar over the steps of a run; values may be NaN or infinite."""

    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, step: int, value: float) -> None:
        """Append a point; points from that step on are removed first, because a resumed run repeats steps."""
        while self.steps and self.steps[-1] >= step:
            self.steps.pop()
            self.values.pop()
        self.steps.append(step)
        self.values.append(value)

    def finite(self) -> list[Point]:
        """Return the points whose value is finite."""
        return [(value, step) for value, step in zip(self.values, self.steps, strict=True) if math.isfinite(value)]

    def best(self, better: str) -> Point | None:
        """Return the best point, the earliest of equal ones; None without a finite value or a better direction.

        Args:
            better: "higher", "lower", or "" if the values have no order.
        """
        return (
            min(self.finite(), key=lambda point: (_sign(better) * point[0], point[1]), default=None) if better else None
        )


@dataclass
class RunRecord:
    """What a run has written so far; what is not there yet is empty.

    Attributes:
        path: the work directory.
        environment: what the run ran on, at its start or when it was last resumed.
        losses, rates: scalars by the name of the term, of the parameter group.
        metrics: measured values by name.
        better: "higher" or "lower" by name, from the last measurement; only where it is known.
        paired: names of the values that compare with paired truth, from the last measurement.
        protocol: how they were measured, from the last measurement.
        last: the last line with scalars (``step``, ``epoch``, ``time`` in seconds).
        config: the resolved config as plain data.
        config_text: the resolved config as Python.
        files: of the work directory, and which of them are not read.
    """

    path: Path
    environment: dict[str, Any] = field(default_factory=dict)
    losses: dict[str, Series] = field(default_factory=dict)
    rates: dict[str, Series] = field(default_factory=dict)
    metrics: dict[str, Series] = field(default_factory=dict)
    better: dict[str, str] = field(default_factory=dict)
    paired: list[str] = field(default_factory=list)
    protocol: dict[str, Any] = field(default_factory=dict)
    last: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    config_text: str = ""

    def __post_init__(self) -> None:
        self.files = RunFiles(self.path)


def read_record(work_dir: Path) -> RunRecord:
    """Read log and config of a work directory; files that are missing or cut off leave their part empty."""
    record = RunRecord(work_dir)
    for line in record.files.read_lines(work_dir / "log.jsonl"):
        add_line(record, line)
    record.config = dict(mapping(record.files.read_json(work_dir / "config.json")))
    record.config_text = record.files.read_text(work_dir / "config.py")
    return record


def add_line(record: RunRecord, line: Mapping[str, Any]) -> None:
    """Add one line of the log to the record."""
    step = line.get("step")
    if line.get("event") in ("start", "resume"):
        origin = {key: record.environment[key] for key in ("method", "config") if key in record.environment}
        record.environment = origin | {key: value for key, value in line.items() if key not in ("event", "step")}
    elif line.get("event") == "metrics" and is_step(step):
        add_scalars(record.metrics, step, line.get("metrics"))
        better = mapping(line.get("better")).items()
        record.better = {name: direction for name, direction in better if direction in ("higher", "lower")}
        paired = line.get("paired")
        record.paired = [name for name in paired if isinstance(name, str)] if isinstance(paired, list) else []
        record.protocol = dict(mapping(line.get("protocol")))
    elif is_step(step) and "event" not in line:
        found = {"step": step, "epoch": line.get("epoch"), "time": as_number(line.get("time"))}
        record.last = {key: value for key, value in found.items() if value is not None}
        add_scalars(record.losses, step, line.get("losses"))
        add_scalars(record.rates, step, line.get("lr"))


def add_scalars(into: dict[str, Series], step: int, found: Any) -> None:
    """Add the numbers of a mapping to their series; null, which JSON has for NaN, becomes NaN."""
    for name, value in mapping(found).items():
        number = math.nan if value is None else as_number(value)
        if number is not None and (name in into or len(into) < MOST_SERIES):
            into.setdefault(name, Series()).add(step, number)


def is_step(value: Any) -> TypeGuard[int]:
    """Return whether a value is the number of a step."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST_STEPS


def as_number(value: Any) -> float | None:
    """Return a number as a float, infinity if it is too large for one; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def mapping(value: Any) -> Mapping[str, Any]:
    """Return ``value`` if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def metric_names(records: Iterable[RunRecord]) -> list[str]:
    """Return the names of all measured values, in the order of the first run that has them."""
    return list(dict.fromkeys(name for record in records for name in record.metrics))


def describe_metric(name: str, config: Mapping[str, Any]) -> str:
    """Return the first line of the documentation of the metric behind ``background.db``, or ``ba.background.db``.

    It is empty if the config has no such metric, or its part is not installed.
    """
    metric = mapping(mapping(config.get("metrics")).get(name.rpartition(".")[0].rpartition(".")[2]))
    kind = metric.get("type")
    if not isinstance(kind, str) or kind not in METRICS.names():
        return ""
    return (METRICS.get(kind).__doc__ or "").strip().partition("\n")[0]


def best_indices(values: Sequence[float | None], better: str) -> set[int]:
    """Return where the best finite value is; nowhere if there are fewer than two values, or they have no order."""
    known = [_sign(better) * value for value in values if value is not None and math.isfinite(value)]
    if not better or len(known) < 2:
        return set()
    return {i for i, value in enumerate(values) if value is not None and _sign(better) * value == min(known)}


def _sign(better: str) -> int:
    return -1 if better == "higher" else 1
