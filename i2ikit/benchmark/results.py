"""The results of a benchmark as plain data: of each run, of each method over its seeds, and between metrics."""

import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from i2ikit.benchmark.plan import BenchmarkEntry, BenchmarkPlan, BenchmarkRun
from i2ikit.benchmark.slices import WARM_UP
from i2ikit.config.batch import batch_shapes
from i2ikit.config.trial import build_trial_model
from i2ikit.errors import I2IKitError
from i2ikit.profiling.step import step_cost
from i2ikit.report.record import RunRecord, describe_metric, metric_names, read_record

Directions = Mapping[str, str]  # "lower" or "higher" by the name of a metric; other metrics have no order
Found = Mapping[str, Any]


def summarize(
    plan: BenchmarkPlan,
    folder: Path,
    targets: Mapping[str, float] | None = None,
    failures: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return all results of a benchmark as plain data.

    Args:
        plan: of the benchmark.
        folder: of the benchmark.
        targets: value by metric for the time to quality; by default the best value that every method reached.
        failures: why runs failed, by name.

    Returns:
        ``plan``, ``metrics`` (``better``, ``truth``, ``about``, ``target``), ``methods``, ``runs``, ``agreement``: the
        rank correlation of every metric with those against paired truth, over all measurements.
    """
    runs = plan.runs(folder)
    records = [read_record(run.work_dir) for run in runs]
    for record in records:  # methods are compared in the direction that all of them have
        record.metrics = {name: found for name, found in record.metrics.items() if not name.startswith("ba.")}
    better = {name: end for record in records for name, end in record.better.items() if name in record.metrics}
    found = [read_run(run, record, better) for run, record in zip(runs, records, strict=True)]
    for run, each in zip(runs, found, strict=True):
        each |= {"failed": failures[run.name]} if failures and run.name in failures else {}
    by_label = {entry.label: [run for run in found if run["label"] == entry.label] for entry in plan.entries}
    targets = {**_reached_by_all(by_label, better), **(targets or {})}
    truth = {name for record in records for name in record.paired if name in record.metrics}
    measurements = [each["metrics"] for run in found for each in run["evaluations"]]
    return {
        "plan": {key: getattr(plan, key) for key in ("seeds", "steps", "minutes", "slices", "evaluations", "device")},
        "metrics": {
            name: {
                "better": better.get(name, ""),
                "truth": name in truth,
                "about": describe_metric(name, plan.entries[0].config),
                "target": targets.get(name),
            }
            for name in metric_names(records)
        },
        "methods": [_method(entry, by_label[entry.label], better, targets) for entry in plan.entries],
        "runs": found,
        "agreement": rank_correlations(measurements, truth, better),
    }


def read_run(run: BenchmarkRun, record: RunRecord, better: Directions) -> dict[str, Any]:
    """Return the results of one run, finished or not.

    Returns:
        ``label``, ``seed``, ``steps`` done, ``seconds`` of training, ``seconds_per_step`` (median, 10th and 90th
        percentile; None before there is one), ``images_per_second``, ``memory`` in bytes or None, ``evaluations``
        (step, seconds of training up to it, metrics), ``best`` and ``last`` by metric (value, step).
    """
    slices = run.records()
    clock = Stopwatch(slices)
    metrics = {name: points for name, series in record.metrics.items() if (points := series.finite())}
    by_step: dict[int, dict[str, float]] = {}
    for name, points in metrics.items():
        for value, step in points:
            by_step.setdefault(step, {})[name] = value
    best = {name: point for name in metrics if (point := record.metrics[name].best(better.get(name, "")))}
    pace = percentiles(clock.counted)
    config = run.entry.config
    images = config["data"].get("batch_size", 1) * config["train"].get("accumulate", 1)  # of each domain, in a step
    return {
        "label": run.entry.label,
        "seed": run.seed,
        "work_dir": run.work_dir.relative_to(run.folder).as_posix(),
        "steps": max((each["step"] for each in slices), default=0),
        "seconds": clock.at(run.entry.steps),
        "seconds_per_step": pace,
        "images_per_second": images / pace["median"] if pace else None,
        "memory": peak_memory(slices, min(by_step, default=run.entry.steps)),
        "evaluations": [
            {"step": step, "seconds": clock.at(step), "metrics": values} for step, values in sorted(by_step.items())
        ],
        "best": {name: {"value": value, "step": step} for name, (value, step) in best.items()},
        "last": {name: {"value": points[-1][0], "step": points[-1][1]} for name, points in metrics.items()},
    }


class Stopwatch:
    """Seconds of training up to a step.

    Args:
        records: of the slices of a run; of a slice that was repeated the last record counts.

    Attributes:
        counted: seconds of the steps that measure the speed, without the first ones of each slice.
    """

    def __init__(self, records: Iterable[Found]) -> None:
        self.seconds: dict[int, float] = {}
        slow: set[int] = set()
        for record in records:
            steps = range(record["first"], record["first"] + len(record["seconds"]))
            self.seconds.update(zip(steps, record["seconds"], strict=True))
            slow.update(steps[:WARM_UP])
        self.counted = [second for step, second in self.seconds.items() if step not in slow]

    def at(self, step: int) -> float:
        """Return the seconds up to a step; a step whose record was lost by a kill counts as the median."""
        if not self.seconds:
            return 0.0
        usual = statistics.median(self.counted or self.seconds.values())
        known = [seconds for each, seconds in self.seconds.items() if each <= step]
        missing = min(step, max(self.seconds)) - len(known)
        return round(sum(known) + missing * usual, 3)


def peak_memory(records: Iterable[Found], until: int) -> int | None:
    """Return the most bytes that a step needed, up to the first measurement, which leaves memory behind.

    Later steps count only if there are no earlier ones.
    """
    steps = {record["first"] + index: size for record in records for index, size in enumerate(record.get("memory", ()))}
    early = [size for step, size in steps.items() if step <= until]
    return max(early or steps.values(), default=None)


def percentiles(values: Sequence[float]) -> dict[str, float] | None:
    """Return median, 10th and 90th percentile, or None without values."""
    if not values:
        return None
    ordered = sorted(values)
    low, high = (ordered[round(fraction * (len(ordered) - 1))] for fraction in (0.1, 0.9))
    return {"median": statistics.median(ordered), "low": low, "high": high}


def over_seeds(values: Iterable[float | None]) -> dict[str, float] | None:
    """Return mean and sample standard deviation of the known values (0 for a single one), or None without them."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return {"mean": statistics.fmean(known), "spread": statistics.stdev(known) if len(known) > 1 else 0.0}


def time_to(run: Found, metric: str, target: float, better: str) -> float | None:
    """Return the seconds of training until a run first measured at least this quality; None if it never did."""
    sign = 1 if better == "lower" else -1
    reached = (
        each["seconds"]
        for each in run["evaluations"]
        if metric in each["metrics"] and sign * each["metrics"][metric] <= sign * target
    )
    return next(reached, None)


def _reached_by_all(by_label: Mapping[str, Sequence[Found]], better: Directions) -> dict[str, float]:
    """Return for each metric the best value, in the mean over its seeds, that every method reached."""
    targets = {}
    for name, end in better.items():
        bests = ([run["best"][name]["value"] for run in found if name in run["best"]] for found in by_label.values())
        means = [statistics.fmean(values) for values in bests if values]
        if means:
            targets[name] = max(means) if end == "lower" else min(means)
    return targets


def _method(
    entry: BenchmarkEntry, found: Sequence[Found], better: Directions, targets: Mapping[str, float]
) -> dict[str, Any]:
    """Return the results of one method over its seeds: mean and spread, or None where nothing was measured."""
    paces = [run["seconds_per_step"] for run in found if run["seconds_per_step"]]
    names = list(dict.fromkeys(name for run in found for name in run["last"]))
    return {
        "label": entry.label,
        "config": entry.name,
        "steps": entry.steps,
        "seconds_per_step": {key: statistics.median(pace[key] for pace in paces) for key in paces[0]}
        if paces
        else None,
        "images_per_second": over_seeds(run["images_per_second"] for run in found),
        "minutes": over_seeds(run["seconds"] / 60 for run in found if run["steps"]),
        "memory": max((run["memory"] for run in found if run["memory"]), default=None),
        **cost(entry.config),
        "metrics": {name: _quality(name, found, better, targets) for name in names},
        "failed": sum("failed" in run for run in found),
    }


def _quality(name: str, found: Sequence[Found], better: Directions, targets: Mapping[str, float]) -> dict[str, Any]:
    """Return one metric of a method over its seeds; the time to the target is that of the seeds that reached it."""
    times = [time_to(run, name, targets[name], better[name]) for run in found] if name in targets else []
    return {
        "best": over_seeds(run["best"][name]["value"] for run in found if name in run["best"]),
        "best_step": over_seeds(run["best"][name]["step"] for run in found if name in run["best"]),
        "last": over_seeds(run["last"][name]["value"] for run in found if name in run["last"]),
        "seconds_to_target": over_seeds(times),
        "reached": sum(seconds is not None for seconds in times),
    }


def cost(config: Found) -> dict[str, Any]:
    """Return ``parameters`` that are trained, and ``gmacs``, giga multiply-accumulates of a step.

    Both are None where a part of the model cannot run on the meta device.
    """
    model, errors = build_trial_model(config)
    assert model is not None, errors
    try:
        found = step_cost(config, batch_shapes(config, model))
    except I2IKitError:
        return {"parameters": None, "gmacs": None}
    return {"parameters": found.parameters, "gmacs": round(found.macs / 1e9, 4)}


def ranks(values: Sequence[float]) -> list[float]:
    """Return the rank of each value, from 1; equal values share the mean of their ranks."""
    return [sum(other < value for other in values) + (values.count(value) + 1) / 2 for value in values]


def spearman(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Return Spearman's rank correlation of two series, in -1..1; None for fewer than 2 pairs or a constant series.

    Source:
        Spearman 1904, "The Proof and Measurement of Association between Two Things".
    """
    try:
        return statistics.correlation(ranks(x), ranks(y))
    except statistics.StatisticsError:
        return None


def rank_correlations(
    measurements: Sequence[Mapping[str, float]], truth: Collection[str], better: Mapping[str, str]
) -> dict[str, dict[str, float | None]]:
    """Return how well each value predicts which of several models is better, judged by paired truth.

    Args:
        measurements: values by name, one mapping for each model or step of a run.
        truth: names of the values that compare with paired truth.
        better: ``"higher"`` or ``"lower"`` by name; values without a direction are left out.

    Returns:
        by value and by value of the truth: Spearman's correlation over the measurements that have both, with the sign
        that makes 1 perfect agreement, whatever the directions, to four digits; None if it is undefined.
    """
    names = [name for name in dict.fromkeys(key for found in measurements for key in found) if name in better]

    def agreement(name: str, other: str) -> float | None:
        both = [found for found in measurements if name in found and other in found]
        value = spearman([found[name] for found in both], [found[other] for found in both])
        return value and round(value if better[name] == better[other] else -value, 4)

    return {
        name: {other: agreement(name, other) for other in names if other in truth}
        for name in names
        if name not in truth
    }
