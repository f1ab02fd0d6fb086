"""What a work directory tells about its run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from i2ikit.files import read_json, read_json_lines


@dataclass(frozen=True)
class Series:
    """One scalar over the steps of a run; values may be NaN or infinite."""

    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, step: int, value: float) -> None:
        """Append a point; what a resumed run does anew replaces what an earlier one wrote from that step on."""
        while self.steps and self.steps[-1] >= step:
            self.steps.pop()
            self.values.pop()
        self.steps.append(step)
        self.values.append(value)


@dataclass
class RunRecord:
    """A run as its work directory shows it; what is not there yet is empty.

    Attributes:
        name: name of the work directory.
        path: the work directory.
        environment: what the run ran on, at its start or when it was last resumed.
        losses, rates: scalars by the name of the term, of the parameter group.
        metrics: measured numbers by name.
        better: "higher" or "lower" by number, as the last measurement says; only those of which it is known.
        paired: numbers that compare with paired truth, as the last measurement says.
        protocol: how they were measured, as the last measurement says.
        last: the last line with scalars (``step``, ``epoch``, ``time`` in seconds).
        config: the resolved config as plain data.
        config_text: the resolved config as Python.
    """

    name: str
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


def read_record(work_dir: Path) -> RunRecord:
    """Read log and config of a work directory; files that are missing or cut off leave their part empty."""
    record = RunRecord(work_dir.resolve().name, work_dir)
    for line in read_json_lines(work_dir / "log.jsonl"):
        add_line(record, line)
    config = read_json(work_dir / "config.json")
    record.config = config if isinstance(config, dict) else {}
    text = work_dir / "config.py"
    record.config_text = text.read_text("utf-8", errors="replace") if text.is_file() else ""
    return record


def add_line(record: RunRecord, line: Mapping[str, Any]) -> None:
    """Take one line of the log into the record."""
    step = line.get("step")
    if line.get("event") in ("start", "resume"):
        record.environment = {key: value for key, value in line.items() if key not in ("event", "step")}
    elif line.get("event") == "metrics" and isinstance(step, int):
        add_scalars(record.metrics, step, line.get("metrics"))
        for name, kind in (("better", dict), ("paired", list), ("protocol", dict)):
            if isinstance(line.get(name), kind):
                setattr(record, name, line[name])
    elif isinstance(step, int) and "event" not in line:
        record.last = {key: line[key] for key in ("step", "epoch", "time") if key in line}
        add_scalars(record.losses, step, line.get("losses"))
        add_scalars(record.rates, step, line.get("lr"))


def add_scalars(into: dict[str, Series], step: int, found: Any) -> None:
    """Add the numbers of a line to their series."""
    for name, value in scalars(found).items():
        into.setdefault(name, Series()).add(step, value)


def scalars(found: Any) -> dict[str, float]:
    """Return the numbers of a mapping by name; ``null``, which some writers put for NaN, becomes NaN."""
    if not isinstance(found, Mapping):
        return {}
    numbers = {name: float("nan") if value is None else value for name, value in found.items()}
    return {name: float(value) for name, value in numbers.items() if isinstance(value, int | float)}
