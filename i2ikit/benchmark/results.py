"""From the work directories of a comparison to its figures."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from i2ikit.benchmark.folder import SPARE, Run
from i2ikit.files import read_json_lines

Directions = Mapping[str, str]  # "lower" or "higher" by the name of a metric; others have no better


def read_run(run: Run, directions: Directions) -> dict[str, Any]:
    """Return the figures of one run, finished or not.

    Returns:
        ``label``, ``seed``, ``steps`` done, ``seconds`` of training, ``seconds_per_step`` (median, 10th and 90th
        percentile; None before there is one), ``images_per_second``, ``memory`` in bytes or None, ``evaluations``
        (step, seconds of training up to it, metrics), ``best`` and ``last`` by metric (value, step).
    """
    records = run.records()
    clock = Stopwatch(records)
    found = [
        {"step": line["step"], "seconds": clock.at(line["step"]), "metrics": finite(line["metrics"])}
        for line in last_of_each_step(read_json_lines(run.work_dir / "log.jsonl"))
    ]
    pace = spread_of(clock.counted)
    return {
        "label": run.entry.label,
        "seed": run.seed,
        "work_dir": run.work_dir.relative_to(run.folder).as_posix(),
        "steps": max((record["step"] for record in records), default=0),
        "seconds": clock.at(run.entry.steps),
        "seconds_per_step": pace,
        "images_per_second": images_per_step(run.entry.config) / pace["median"] if pace else None,
        "memory": peak_memory(records, found[0]["step"] if found else run.entry.steps),
        "evaluations": found,
        "best": best(found, directions),
        "last": last(found),
    }


def peak_memory(records: Iterable[Mapping[str, Any]], until: int) -> int | None:
    """Return the most bytes that a step needed, up to the first measurement: what that leaves behind is not training's.

    Later steps are asked only where there are no earlier ones.
    """
    steps = {record["first"] + index: size for record in records for index, size in enumerate(record.get("memory", ()))}
    early = [size for step, size in steps.items() if step <= until]
    return max(early or steps.values(), default=None)


def images_per_step(config: Mapping[str, Any]) -> int:
    """Return how many images of each domain an update sees."""
    return int(config["data"].get("batch_size", 1) * config["train"].get("accumulate", 1))


class Stopwatch:
    """Seconds of training up to a step.

    Args:
        records: of the slices of a run; a slice that was done again counts as it was the last time.

    Attributes:
        counted: seconds of the steps that tell the speed; the first ones of each slice do not.
    """

    def __init__(self, records: Iterable[Mapping[str, Any]]) -> None:
        self.seconds: dict[int, float] = {}
        slow: set[int] = set()
        for record in records:
            steps = range(record["first"], record["first"] + len(record["seconds"]))
            self.seconds.update(zip(steps, record["seconds"], strict=True))
            slow.update(steps[:SPARE])
        self.counted = [second for step, second in self.seconds.items() if step not in slow]

    def at(self, step: int) -> float:
        """Return the seconds up to a step; steps whose record was lost by a kill count as the median one."""
        if not self.seconds:
            return 0.0
        usual = statistics.median(self.counted or self.seconds.values())
        known = [seconds for each, seconds in self.seconds.items() if each <= step]
        missing = min(step, max(self.seconds)) - len(known)
        return round(sum(known) + missing * usual, 3)


def last_of_each_step(lines: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the lines of measurements, one for each step: the last, as a resumed run may measure again."""
    found: dict[int, Mapping[str, Any]] = {}
    for line in lines:
        if line.get("event") == "metrics" and isinstance(line.get("metrics"), Mapping):
            found[int(line["step"])] = {**found.get(int(line["step"]), {}), **line}
    return [found[step] for step in sorted(found)]


def finite(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics that are finite numbers."""
    return {
        name: float(value)
        for name, value in metrics.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }


def best(evaluations: Sequence[Mapping[str, Any]], directions: Directions) -> dict[str, dict[str, float]]:
    """Return the best value of each metric that has a better, and the step of it; the earliest of equal ones."""
    found: dict[str, dict[str, float]] = {}
    for name, direction in directions.items():
        points = [(each["metrics"][name], each["step"]) for each in evaluations if name in each["metrics"]]
        if points:
            sign = 1 if direction == "lower" else -1
            value, step = min(points, key=lambda point: (sign * point[0], point[1]))
            found[name] = {"value": value, "step": step}
    return found


def last(evaluations: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Return the last value of each metric, and the step of it."""
    found: dict[str, dict[str, float]] = {}
    for each in evaluations:
        found |= {name: {"value": value, "step": each["step"]} for name, value in each["metrics"].items()}
    return found


def spread_of(values: Sequence[float]) -> dict[str, float] | None:
    """Return median, 10th and 90th percentile, or None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    low, high = (ordered[round(share * (len(ordered) - 1))] for share in (0.1, 0.9))
    return {"median": statistics.median(ordered), "low": low, "high": high}


def over_seeds(values: Sequence[float]) -> dict[str, float] | None:
    """Return mean and sample standard deviation over seeds (0 of a single one), or None of nothing."""
    if not values:
        return None
    return {"mean": statistics.fmean(values), "spread": statistics.stdev(values) if len(values) > 1 else 0.0}


def time_to(run: Mapping[str, Any], metric: str, target: float, direction: str) -> float | None:
    """Return the seconds of training after which a run first measured at least this quality; None: it never did."""
    sign = 1 if direction == "lower" else -1
    reached = (
        each["seconds"]
        for each in run["evaluations"]
        if metric in each["metrics"] and sign * each["metrics"][metric] <= sign * target
    )
    return next(reached, None)
