"""The figures of a comparison: of each run, of each method over its seeds, and of the metrics against each other."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from i2ikit.benchmark.folder import runs
from i2ikit.benchmark.plan import Entry, Plan
from i2ikit.benchmark.rank import rank_correlations
from i2ikit.benchmark.results import Directions, over_seeds, read_run, time_to
from i2ikit.config.validate import build_trial_model
from i2ikit.errors import I2IKitError
from i2ikit.profiling import batch_shapes, step_cost
from i2ikit.report.measures import direction, sentence
from i2ikit.report.record import read_record


def summarize(
    plan: Plan, folder: Path, targets: Mapping[str, float] | None = None, failures: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return everything that a comparison found, as plain data.

    Args:
        plan: what was compared.
        folder: of the comparison.
        targets: quality, by metric, that the time to it is asked for; by default the one that every method reached.
        failures: why runs failed, by name.

    Returns:
        ``plan``, ``metrics`` (``better``, ``truth``, ``about``, ``target``), ``methods``, ``runs``, ``agreement``: the
        rank correlation of every metric with those against paired truth, over all measurements.
    """
    everything = runs(plan, folder)
    records = [read_record(run.work_dir) for run in everything]
    config = plan.entries[0].config
    names = list(dict.fromkeys(name for record in records for name in record.metrics))
    better = {name: end for record in records for name in record.metrics if (end := direction(name, record))}
    found: list[dict[str, Any]] = [
        {**read_run(run, better), **({"failed": failures[run.name]} if failures and run.name in failures else {})}
        for run in everything
    ]
    by_label = {entry.label: [run for run in found if run["label"] == entry.label] for entry in plan.entries}
    targets = {**reached_by_all(by_label, better), **(targets or {})}
    truth = {name for record in records for name in record.paired}
    measurements = [each["metrics"] for run in found for each in run["evaluations"]]
    return {
        "plan": {key: getattr(plan, key) for key in ("seeds", "steps", "minutes", "slices", "evaluations", "device")},
        "metrics": {
            name: {
                "better": better.get(name, ""),
                "truth": name in truth,
                "about": sentence(name, config),
                "target": targets.get(name),
            }
            for name in names
        },
        "methods": [method(entry, by_label[entry.label], better, targets) for entry in plan.entries],
        "runs": found,
        "agreement": {
            name: {other: None if value != value else round(value, 4) for other, value in row.items()}
            for name, row in rank_correlations(measurements, truth, better).items()
        },
    }


def reached_by_all(by_label: Mapping[str, Sequence[Mapping[str, Any]]], better: Directions) -> dict[str, float]:
    """Return for each metric the quality that every method reached at its best, in the mean over its seeds."""
    targets = {}
    for name, end in better.items():
        means = [
            statistics.fmean(values)
            for found in by_label.values()
            if (values := [run["best"][name]["value"] for run in found if name in run["best"]])
        ]
        if means:
            targets[name] = max(means) if end == "lower" else min(means)
    return targets


def method(
    entry: Entry, found: Sequence[Mapping[str, Any]], better: Directions, targets: Mapping[str, float]
) -> dict[str, Any]:
    """Return the figures of one method over its seeds: mean and spread, or None of what nobody measured."""
    paces = [run["seconds_per_step"] for run in found if run["seconds_per_step"]]
    memory = [run["memory"] for run in found if run["memory"]]

    names = list(dict.fromkeys(name for run in found for name in run["last"]))
    return {
        "label": entry.label,
        "config": entry.name,
        "steps": entry.steps,
        "seconds_per_step": {key: statistics.median(pace[key] for pace in paces) for key in paces[0]}
        if paces
        else None,
        "images_per_second": over_seeds([run["images_per_second"] for run in found if run["images_per_second"]]),
        "minutes": over_seeds([run["seconds"] / 60 for run in found if run["steps"]]),
        "memory": max(memory, default=None),
        **cost(entry.config),
        "metrics": {name: quality(name, found, better, targets) for name in names},
        "failed": sum("failed" in run for run in found),
    }


def quality(
    name: str, found: Sequence[Mapping[str, Any]], better: Directions, targets: Mapping[str, float]
) -> dict[str, Any]:
    """Return one metric of a method over its seeds; the time to the target is that of the seeds that reached it."""
    times = [time_to(run, name, targets[name], better[name]) for run in found] if name in targets else []
    return {
        "best": over_seeds([run["best"][name]["value"] for run in found if name in run["best"]]),
        "best_step": over_seeds([run["best"][name]["step"] for run in found if name in run["best"]]),
        "last": over_seeds([run["last"][name]["value"] for run in found if name in run["last"]]),
        "seconds_to_target": over_seeds([seconds for seconds in times if seconds is not None]),
        "reached": sum(seconds is not None for seconds in times),
    }


def cost(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``parameters`` that are trained, and ``gmacs``, giga multiply-accumulates of a step.

    Both are None where a part of the model can't be tried without numbers.
    """
    model, errors = build_trial_model(config["model"])
    assert model is not None, errors
    try:
        found = step_cost(config, batch_shapes(config, model))
    except I2IKitError:
        return {"parameters": None, "gmacs": None}
    return {"parameters": found.parameters, "gmacs": round(found.macs / 1e9, 4)}
