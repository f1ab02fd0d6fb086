"""Where a run starts: at its first step, or after a checkpoint."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from i2ikit.build import Builder
from i2ikit.engine.checkpointing.changes import Change, config_changes
from i2ikit.engine.checkpointing.checkpoint import Checkpoint, check_fields, read_checkpoint
from i2ikit.engine.checkpointing.schema import BEST, RUN, find_mismatch
from i2ikit.engine.log import logged_measurement
from i2ikit.engine.reporter import Reporter, RunResult
from i2ikit.errors import CheckpointError
from i2ikit.interfaces.progress import Progress, Schedule, schedule_length
from i2ikit.registry import SCHEDULES
from i2ikit.work_dir import WorkDir, WorkDirError

LISTED = 12  # changes in one message
EFFECT = " (changes the next steps)"
CONSTANT = {"type": "Constant"}
JUMP = 0.02  # change of the factor between two steps that is reported; a decay over 50 epochs has smaller ones


def find_checkpoint(
    folder: WorkDir, config: Mapping[str, Any], *, resume: bool, reporter: Reporter
) -> Checkpoint | None:
    """Return the checkpoint to resume from, None for a new run; partial files of a killed run are removed.

    Raises:
        WorkDirError: the folder holds a run and ``resume`` is off, or it is on and there is no checkpoint.
        CheckpointError: the config has other networks than the checkpoint.
    """
    if not resume:
        folder.refuse_another_run()
        folder.remove_partial_files()
        return None
    checkpoint = read_newest_checkpoint(folder, reporter)
    folder.remove_partial_files()
    networks = [change for change in config_changes(checkpoint.config, config) if change.of_networks]
    if networks:
        raise CheckpointError(
            f"the run in {folder.path} is of another model than the config:\n{_listed(networks)}\n"
            "  A run resumes with the networks that it started with. To start a new run with the weights that fit: "
            f"--init {folder.checkpoint(checkpoint.progress['step'])} --work-dir DIR."
        )
    return checkpoint


def read_newest_checkpoint(folder: WorkDir, reporter: Reporter) -> Checkpoint:
    """Return the newest intact checkpoint; newer ones that are damaged are reported.

    Raises:
        WorkDirError: there is none.
    """
    found = folder.list_checkpoints()
    for path in reversed(found):
        try:
            return _read_run(path)
        except CheckpointError as error:
            reporter.note(f"Skipped: {error}")
    reason = "none of them can be used" if found else "no run has saved one there; start it without --resume"
    raise WorkDirError(f"there is no checkpoint to resume from in {folder.checkpoints}: {reason}")


def _read_run(path: Path) -> Checkpoint:
    checkpoint = read_checkpoint(path)
    check_fields(path, checkpoint, RUN, "to resume a run")
    progress = checkpoint.progress
    for place, total in (("step", "steps"), ("epoch", "epochs"), ("batch", "batches")):
        if progress[place] > progress[total]:
            raise CheckpointError(
                f"{path} is damaged: {place} {progress[place]} is beyond its {progress[total]} {total}"
            )
    return checkpoint


def report_changes(changes: list[Change], checkpoint: Checkpoint, reporter: Reporter) -> None:
    """Report key by key what has changed since a checkpoint."""
    if changes:
        step = checkpoint.progress["step"]
        reporter.note(f"Changed since step {step} (before -> now):\n{_listed(changes, mark=True)}")


def report_rate(checkpoint: Checkpoint, schedule: Schedule, length: Mapping[str, int], reporter: Reporter) -> None:
    """Report the learning rate before and after a checkpoint where another schedule, or length, makes it jump.

    Args:
        checkpoint: to resume from.
        schedule: of the learning rate from now on.
        length: ``steps`` and ``epochs`` of the run from now on.
        reporter: gets a note.
    """
    done, old = (
        checkpoint.progress,
        Builder().part(SCHEDULES, checkpoint.config.get("schedule") or CONSTANT, "schedule"),
    )
    if old is None or done["step"] >= length["steps"]:
        return
    last = Progress(done["epoch"] + (done["batch"] > 0), done["step"], done["epochs"], done["steps"])
    following = Progress(done["epoch"] + 1, done["step"] + 1, **length)
    before, now = old(last.stretched(schedule_length(old))), schedule(following.stretched(schedule_length(schedule)))
    unchanged = before  # a run that is extended had no next step
    if following.step <= last.steps:
        kept = Progress(following.epoch, following.step, last.epochs, last.steps)
        unchanged = old(kept.stretched(schedule_length(old)))
    if abs(now - before) > JUMP and abs(now - unchanged) > JUMP:
        reporter.note(
            f"The learning rate jumps: x{before:.3g} at step {last.step}, x{now:.3g} at step {following.step}. The "
            "schedule is stretched to the length of the run."
        )


def finished(
    folder: WorkDir, changes: list[Change], checkpoint: Checkpoint, steps: int, reporter: Reporter
) -> RunResult | None:
    """Report that a run has done its last step; return its result if it is measured too, None if there is more to do.

    Args:
        folder: of the run.
        changes: since the checkpoint; if metrics or test data have changed, the run is measured again.
        checkpoint: the newest one.
        steps: of the complete run.
        reporter: gets a note.
    """
    step = checkpoint.progress["step"]
    if step < steps:
        return None
    line = None if measures_anew(changes) else logged_measurement(folder.log, step, last=True)
    done = "all its steps are done" if line is None else "all its steps are done and it is measured"
    reporter.note(f"This run is finished: {done}. To train longer: `--set train.steps=N`, N above {step}.")
    if line is None:
        return None
    best = {} if find_mismatch(line.get("best"), BEST) else line["best"]
    about = {"missing": line["missing"], "best": best, "protocol": line["protocol"]}
    return RunResult(folder.path, step, line["metrics"], folder.checkpoint(step), **about)


def measures_anew(changes: Iterable[Change]) -> bool:
    """Return whether changes make the measurements in the log void."""
    return any(change.key.startswith(("metrics", "evaluation", "files.test", "data.test")) for change in changes)


def _listed(changes: list[Change], *, mark: bool = False) -> str:
    lines = [f"  {change}{EFFECT if mark and change.of_weights else ''}" for change in changes[:LISTED]]
    more = len(changes) - LISTED
    return "\n".join([*lines, *([f"  and {more} more"] if more > 0 else [])])
