"""Trains all runs of a benchmark in turns, slice by slice, so that changes in the machine's speed affect all alike.

Each slice is a process with a memory peak of its own.
"""

import multiprocessing
import os
import shutil
import signal
import statistics
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from i2ikit.benchmark.plan import BenchmarkEntry, BenchmarkPlan, BenchmarkRun, write_plan
from i2ikit.engine.hooks.step_times import StepTimes
from i2ikit.engine.interruption import RunInterruptedError
from i2ikit.engine.train import train
from i2ikit.errors import I2IKitError, RunError
from i2ikit.work_dir import WorkDir

WARM_UP = 2  # steps of a slice whose time does not count: caches and allocators are still being filled
TRIAL_STEPS = 24  # of the short run that measures how many steps fit into the minutes


def take_turns(plan: BenchmarkPlan, folder: Path, note: Callable[[str], None]) -> dict[str, str]:
    """Train what has not been trained yet; runs that fail do not stop the others.

    Args:
        plan: its entries have their steps.
        folder: of the benchmark.
        note: called with a line for each slice and each failure.

    Returns:
        why runs failed, by name of the run.

    Raises:
        RunInterruptedError: Ctrl-C; what is done is saved.
    """
    failures: dict[str, str] = {}
    runs = plan.runs(folder)
    for number in range(plan.slices):
        for index, run in enumerate(runs if number % 2 == 0 else runs[::-1]):  # so that no run is always the first
            steps = run.entry.steps
            last = slice_end(steps, number, plan.slices)
            if run.name in failures or run.finished() or (run.done() >= last and last < steps):
                continue
            count = f"[{number * len(runs) + index + 1}/{plan.slices * len(runs)}]"
            note(f"{count} {run.name}: steps {min(run.done() + 1, last)} to {last} of {steps}")
            result = run_in_process(
                {
                    "config": run.config(plan.evaluations),
                    "work_dir": str(run.work_dir),
                    "pause_at": last if last < steps else None,
                    "device": plan.device,
                }
            )
            if "done" in result:
                run.add_record(result["done"])
            else:
                failures[run.name] = result["error"]
                note(f"{run.name} failed, the others continue: {result['error']}")
    return failures


def slice_end(steps: int, number: int, slices: int) -> int:
    """Return the last step of slice ``number``, counted from 0."""
    return max(1, steps * (number + 1) // slices)


def find_lengths(plan: BenchmarkPlan, folder: Path, note: Callable[[str], None]) -> BenchmarkPlan:
    """Return the plan with the steps that fit into its minutes, measured by a short run of each method and saved.

    Raises:
        RunError: a short run failed.
        RunInterruptedError: Ctrl-C.
    """
    if plan.minutes is None:
        return plan
    entries = []
    for entry in plan.entries:
        if entry.steps:  # measured before the benchmark was interrupted
            entries.append(entry)
            continue
        note(f"timing {entry.label}")
        steps = max(plan.slices, round(plan.minutes * 60 / _trial_seconds(entry, plan, folder)))
        entries.append(replace(entry, steps=min(steps, plan.steps or steps)))
    found = replace(plan, entries=entries)
    write_plan(folder, found)
    return found


def _trial_seconds(entry: BenchmarkEntry, plan: BenchmarkPlan, folder: Path) -> float:
    """Return the usual seconds of a step in a short run of a method, whose files are removed."""
    run = BenchmarkRun(replace(entry, steps=TRIAL_STEPS), plan.seeds[0], folder)
    config = {**run.config(1), "metrics": {}, "data": {**entry.config["data"], "test": None}}
    job = {"config": config, "work_dir": str(folder / "trials" / entry.label), "pause_at": None, "device": plan.device}
    shutil.rmtree(folder / "trials", ignore_errors=True)
    result = run_in_process(job)
    shutil.rmtree(folder / "trials", ignore_errors=True)
    if "done" not in result:
        raise RunError(f"{entry.label} cannot be timed: {result['error']}")
    seconds = result["done"]["seconds"][WARM_UP:]
    varied = entry.config["data"].get("progressive")  # its first steps are shorter, so the median is not the mean
    return statistics.fmean(seconds) if varied else statistics.median(seconds)


def run_in_process(job: dict[str, Any]) -> dict[str, Any]:
    """Run a job in a new process and return ``done``, the record of :func:`run_slice`, or ``error``.

    Raises:
        RunInterruptedError: Ctrl-C, which reaches both processes; the run is saved.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run_job, args=(job, sender))
    process.start()
    sender.close()  # so that the pipe ends with the process
    try:
        result = receiver.recv()
    except EOFError:
        result = {"error": "its process was killed or crashed"}
    except KeyboardInterrupt:
        result = {}
    process.join()
    if not result:
        raise RunInterruptedError("interrupted; the same command resumes it.")
    return dict(result)


def _run_job(job: dict[str, Any], sender: Connection) -> None:
    """Send ``done`` or ``error``, or nothing in it if the run was interrupted; errors need not survive pickling."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    result: dict[str, Any] = {}
    try:
        result = {"done": run_slice(job)}
    except RunInterruptedError:
        pass
    except I2IKitError as error:
        result = {"error": str(error)}
    with suppress(OSError):  # the process that started this one was killed
        sender.send(result)


def _end_with_parent() -> None:
    """Let this process save its run and end when the process that started it ends, even if that one was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "a job runs in a process of its own"
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def run_slice(job: dict[str, Any]) -> dict[str, Any]:
    """Train a run from its newest checkpoint to a step and return a record.

    Args:
        job: ``config``, ``work_dir``, ``pause_at`` (None: to the end), ``device``.

    Returns:
        ``first`` and ``step``, the first and the last step that were done; ``seconds`` and ``memory`` of each step.
    """
    work_dir = Path(job["work_dir"])
    times = StepTimes()
    result = train(
        job["config"],
        work_dir=work_dir,
        device=job["device"],
        pause_at=job["pause_at"],
        resume=bool(WorkDir(work_dir).list_checkpoints()),
        hooks=times.hooks,
    )
    return {
        "first": min(times.seconds, default=result.step + 1),
        "step": result.step,
        "seconds": [round(seconds, 6) for seconds in times.seconds.values()],
        "memory": list(times.memory.values()),
    }
