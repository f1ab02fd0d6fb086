"""Trains all runs in turns, a slice of each and then the next slice of each: drift of the machine hits all alike."""

import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from i2ikit.benchmark.folder import SPARE, Run, runs
from i2ikit.benchmark.plan import Entry, Plan, write_plan
from i2ikit.engine.interruption import RunInterruptedError
from i2ikit.errors import RunError

TRIAL_STEPS = 24  # of the short run that finds out how many steps the minutes are
INTERRUPTED = 130
GO_ON = "interrupted; the same command goes on from here."


class Watcher(Protocol):
    """Is told how a comparison goes."""

    def trial(self, label: str) -> None:
        """A short run of a method begins, to find out its speed."""

    def slice(self, run: Run, first: int, last: int, number: int, count: int) -> None:
        """Slice ``number`` of ``count`` begins: steps ``first`` to ``last`` of a run."""

    def failed(self, run: Run, reason: str) -> None:
        """A run ended by an error; the others go on."""


def take_turns(plan: Plan, folder: Path, watcher: Watcher) -> dict[str, str]:
    """Train what is still to be trained.

    Args:
        plan: its entries know their steps.
        folder: of the comparison.
        watcher: told how it goes.

    Returns:
        why runs failed, by name of the run.

    Raises:
        RunInterruptedError: Ctrl-C; what is done is saved.
    """
    failures: dict[str, str] = {}
    rounds = [turn(runs(plan, folder), number) for number in range(plan.slices)]
    for number, turns in enumerate(rounds):
        for place, run in enumerate(turns):
            target = boundary(run.entry.steps, number, plan.slices)
            if run.name in failures or run.finished() or (run.done() >= target and target < run.entry.steps):
                continue
            place_of_all = number * len(turns) + place + 1
            watcher.slice(run, min(run.done() + 1, target), target, place_of_all, plan.slices * len(turns))
            job = {
                "config": run.config(plan.evaluations),
                "work_dir": str(run.work_dir),
                "pause_at": target if target < run.entry.steps else None,
                "device": plan.device,
            }
            answer = in_a_process(job, folder / f"{run.name}.job.json")
            if "done" in answer:
                run.add_record(answer["done"])
            else:
                failures[run.name] = answer["error"]
                watcher.failed(run, answer["error"])
    return failures


def turn(all_runs: Sequence[Run], number: int) -> list[Run]:
    """Return the runs in the order of a round: forwards, then backwards, so that no run is always the first."""
    return list(all_runs) if number % 2 == 0 else list(reversed(all_runs))


def boundary(steps: int, number: int, slices: int) -> int:
    """Return the last step of slice ``number``, counted from 0."""
    return max(1, steps * (number + 1) // slices)


def in_a_process(job: dict[str, Any], path: Path) -> dict[str, Any]:
    """Run a job in a process of its own and return the job with ``done`` or ``error``.

    The process ends by itself, saved, when this one dies: it listens to a pipe that closes then.

    Raises:
        RunInterruptedError: Ctrl-C.
    """
    path.write_text(json.dumps(job), "utf-8")
    said = path.with_suffix(".txt")
    command = [sys.executable, "-m", "i2ikit.benchmark.child", str(path)]
    with (
        said.open("w") as output,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=output) as process,
    ):
        try:
            process.wait()
        except KeyboardInterrupt:
            process.wait()  # it has got the signal too, and saves
            raise RunInterruptedError(GO_ON) from None
    answer: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if process.returncode == INTERRUPTED:
        raise RunInterruptedError(GO_ON)
    if not {"done", "error"} & answer.keys():
        last = said.read_text("utf-8", errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        answer["error"] = f"its process ended with code {process.returncode}: {last[0]}"
    path.unlink(missing_ok=True)
    said.unlink(missing_ok=True)
    return answer


def find_lengths(plan: Plan, folder: Path, watcher: Watcher) -> Plan:
    """Return the plan with the steps that its minutes come to, measured by a short run of each method and written down.

    Raises:
        RunError: a short run failed.
        RunInterruptedError: Ctrl-C.
    """
    if plan.minutes is None:
        return plan
    entries = []
    for entry in plan.entries:
        if entry.steps:  # found out before the comparison was interrupted
            entries.append(entry)
            continue
        watcher.trial(entry.label)
        steps = max(plan.slices, round(plan.minutes * 60 / trial_seconds(entry, plan, folder)))
        entries.append(replace(entry, steps=min(steps, plan.steps or steps)))
    found = replace(plan, entries=entries)
    write_plan(folder, found)
    return found


def trial_seconds(entry: Entry, plan: Plan, folder: Path) -> float:
    """Return the median seconds of a step in a short run of a method, of which nothing is kept."""
    run = Run(replace(entry, steps=TRIAL_STEPS), plan.seeds[0], folder)
    config = {**run.config(1), "metrics": {}, "data": {**entry.config["data"], "test": None}}
    job = {"config": config, "work_dir": str(folder / "trials" / entry.label), "pause_at": None, "device": plan.device}
    shutil.rmtree(folder / "trials", ignore_errors=True)
    answer = in_a_process(job, folder / f"{entry.label}.trial.json")
    shutil.rmtree(folder / "trials", ignore_errors=True)
    if "done" not in answer:
        raise RunError(f"{entry.label} cannot be timed: {answer['error']}")
    return statistics.median(answer["done"]["seconds"][SPARE:])
