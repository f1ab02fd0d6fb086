"""Time to equal quality: how much of the reference's training time another config needs for the same quality.

    python tools/time_to_quality.py enco/stripes mine.py --seeds 0 1 2 --out runs/time

All runs are trained in turns, as by `i2ikit benchmark`, each as long as its own config says. A run has reached the
quality at the first measurement from which on *all* values are at least as good as the targets until its end. The
targets are by default what every seed of the reference, the first config, has at its end. Time is that of training
alone, without measurements and samples. Prints steps and minutes of each run, and the ratio of the medians over the
seeds.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from i2ikit.benchmark.plan import BenchmarkEntry, BenchmarkPlan, BenchmarkRun, keep_plan, make_plan
from i2ikit.benchmark.results import read_run
from i2ikit.benchmark.slices import take_turns
from i2ikit.cli.benchmark import qualities
from i2ikit.cli.benchmark import targets as read_targets
from i2ikit.cli.console import INTERRUPTED
from i2ikit.errors import I2IKitError
from i2ikit.report.record import read_record

METRICS = ("wasserstein.ratio", "wasserstein.ratio_masked", "background.db")
NEVER = "never"


def good_enough(metrics: Mapping[str, float], targets: Mapping[str, float], better: Mapping[str, str]) -> bool:
    """Return whether all targets are met; a value that was not measured meets none."""
    signs = {"lower": 1, "higher": -1}
    return all(
        name in metrics and signs[better[name]] * metrics[name] <= signs[better[name]] * target
        for name, target in targets.items()
    )


def reached_and_kept(
    run: Mapping[str, Any], targets: Mapping[str, float], better: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return the first measurement of a run from which on all meet the targets, None if the last one does not."""
    found = None
    for each in reversed(run["evaluations"]):
        if not good_enough(each["metrics"], targets, better):
            break
        found = each
    return found


def at_the_end(runs: Sequence[Mapping[str, Any]], names: Sequence[str], better: Mapping[str, str]) -> dict[str, float]:
    """Return by metric the last value of the seed whose last value is the worst."""
    worst = {"lower": max, "higher": min}
    return {
        name: worst[better[name]](run["last"][name]["value"] for run in runs)
        for name in names
        if name in better and all(name in run["last"] for run in runs)
    }


def compare(
    by_label: Mapping[str, Sequence[Mapping[str, Any]]], targets: Mapping[str, float], better: Mapping[str, str]
) -> list[str]:
    """Return the lines of the report; the first label is the reference."""
    lines = ["quality: " + ", ".join(f"{name} {value:.4g}" for name, value in targets.items())]
    medians: dict[str, dict[str, float] | None] = {}
    for label, runs in by_label.items():
        found = [reached_and_kept(run, targets, better) for run in runs]
        for run, each in zip(runs, found, strict=True):
            when = f"step {each['step']}, {each['seconds'] / 60:.2f} min" if each else NEVER
            lines.append(f"{label} seed {run['seed']}: {when} (of {run['steps']} steps, {run['seconds'] / 60:.2f} min)")
        reached = [each for each in found if each]
        medians[label] = (
            {key: statistics.median(each[key] for each in reached) for key in ("step", "seconds")}
            if len(reached) == len(found)
            else None
        )
    reference, *others = by_label
    for label in others:
        mine, its = medians[label], medians[reference]
        ratios = (
            f"{mine['seconds'] / its['seconds']:.2f} of the time, {mine['step'] / its['step']:.2f} of the steps"
            if mine and its
            else f"no ratio, {NEVER} reached and kept by some seed"
        )
        lines.append(f"{label} / {reference}: {ratios}")
    return lines


def own_steps(entry: BenchmarkEntry) -> BenchmarkEntry:
    """Return an entry that trains as long as its config says; an I2IKitError where that is not in steps."""
    steps = entry.config["train"].get("steps")
    if steps is None:
        raise I2IKitError(f"{entry.name} counts epochs, not steps: set its length with --set train.steps=N")
    return replace(entry, steps=steps)


def read_runs(runs: Sequence[BenchmarkRun]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return the results of the runs, and the direction of each metric."""
    records = [read_record(run.work_dir) for run in runs]
    better = {name: end for record in records for name, end in record.better.items() if name in record.metrics}
    return [read_run(run, record, better) for run, record in zip(runs, records, strict=True)], better


def wanted_quality(texts: Sequence[str], metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return the targets that the user gives; an I2IKitError before the training where there can be none.

    Args:
        texts: ``METRIC=VALUE``.
        metrics: of the configs.
    """
    if not texts and not any(name.partition(".")[0] in metrics for name in METRICS):
        known = ", ".join(metrics) or "nothing"
        raise I2IKitError(
            f"the configs measure {known}, none of {', '.join(METRICS)}: name a target with --quality METRIC=VALUE"
        )
    return qualities(texts, metrics)


def integer(least: int) -> Callable[[str], int]:
    """Return a type of argparse: integers from ``least`` up."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not an integer of at least {least}")
        return int(text)

    return read


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configs", nargs="+", metavar="CONFIG", help="the reference first, then one or more others")
    parser.add_argument("--seeds", nargs="+", type=integer(0), default=[0, 1, 2])
    parser.add_argument("--quality", action="append", metavar="METRIC=VALUE", help="a target; repeatable")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="for all configs")
    parser.add_argument("--slices", type=integer(1), default=5, help="parts that each run is cut into, to take turns")
    parser.add_argument("--evaluations", type=integer(1), default=24, help="measurements of each run")
    parser.add_argument("--out", type=Path, default=Path("runs/time_to_quality"))
    given = parser.parse_args(arguments)
    if len(given.configs) < 2:
        parser.error("name the reference and at least one other config")
    try:
        wanted = BenchmarkPlan([], sorted({*given.seeds}), steps=1, slices=given.slices, evaluations=given.evaluations)
        plan = make_plan(wanted, given.configs, overrides=given.set)
        quality = wanted_quality(given.quality or (), plan.entries[0].config.get("metrics", {}))
        plan = keep_plan(given.out, replace(plan, steps=None, entries=[own_steps(entry) for entry in plan.entries]))
        failures = take_turns(plan, given.out, lambda line: print(line, flush=True))
        if failures:
            return 1
        found, better = read_runs(plan.runs(given.out))
        by_label = {entry.label: [run for run in found if run["label"] == entry.label] for entry in plan.entries}
        known = {name: {"better": end} for name, end in better.items()}
        reference = by_label[plan.entries[0].label]
        targets = read_targets(quality, known) or at_the_end(reference, METRICS, better)
        if not targets:
            raise I2IKitError(f"none of {', '.join(METRICS)} was measured: name a target with --quality METRIC=VALUE")
    except I2IKitError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted; the same command resumes it", file=sys.stderr)
        return INTERRUPTED
    print("\n".join(compare(by_label, targets, better)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
