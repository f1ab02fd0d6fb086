"""Where a run begins: at its start, or after a checkpoint; and what has changed since then."""

from collections.abc import Mapping
from typing import Any

import torch

from i2ikit.data.loading import MapDataset
from i2ikit.distributed import processes
from i2ikit.engine.checkpointing.changes import Change, config_changes, value_changes
from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.engine.checkpointing.fingerprint import fingerprint
from i2ikit.engine.reporter import Reporter, RunResult
from i2ikit.engine.work_dir import WorkDir
from i2ikit.environment import versions
from i2ikit.errors import CheckpointError
from i2ikit.files import read_json_lines

LISTED = 12  # changes in one message
OTHER = " (the steps to come are computed with it)"


def find_checkpoint(
    folder: WorkDir, config: Mapping[str, Any], *, resume: bool, reporter: Reporter
) -> Checkpoint | None:
    """Return the checkpoint to go on from, None for a new run; what a killed run left half written is removed.

    Raises:
        WorkDirError: the folder holds a run and ``resume`` is off, or it is on and there is no checkpoint.
        CheckpointError: the networks of the config are others than those of the checkpoint.
    """
    if not resume:
        folder.refuse_another_run()
        folder.clean()
        return None
    checkpoint = folder.read_newest_checkpoint(reporter)
    folder.clean()
    networks = [change for change in config_changes(checkpoint.config, config) if change.of_networks]
    if networks:
        raise CheckpointError(
            f"the run in {folder.path} is of another model than the config:\n{_listed(networks)}\n"
            "  A run goes on with the networks that it began with. For a new run with what fits of their weights: "
            f"--init {folder.checkpoint(checkpoint.progress['step'])} --work-dir DIR."
        )
    return checkpoint


def run_facts(datasets: Mapping[str, MapDataset | None], device: torch.device) -> dict[str, Any]:
    """Return what a checkpoint has to remember of data and machine for :func:`changes_since`: plain data."""
    machine = {"device": device.type, "threads": torch.get_num_threads(), "processes": processes.count()}
    return {"files": fingerprint(datasets), "machine": machine}


def changes_since(
    checkpoint: Checkpoint, config: Mapping[str, Any], now: Mapping[str, Any], steps: int
) -> list[Change]:
    """Return what has changed since a checkpoint: config, length of the run, data, versions, device.

    Args:
        checkpoint: that the run goes on from.
        config: of now, resolved.
        now: facts of now.
        steps: of the whole run.
    """
    before = checkpoint.extra
    return [
        *config_changes(checkpoint.config, config),
        *value_changes({"steps": checkpoint.progress["steps"]}, {"steps": steps}, "length."),
        *value_changes(before.get("files", now["files"]), now["files"], "files."),
        *value_changes(checkpoint.versions, versions(), "versions."),
        *value_changes(before.get("machine", now["machine"]), now["machine"], "machine."),
    ]


def report_changes(changes: list[Change], checkpoint: Checkpoint, reporter: Reporter) -> None:
    """Tell key by key what has changed since a checkpoint."""
    if changes:
        step = checkpoint.progress["step"]
        reporter.note(f"Changed since step {step} (before -> now):\n{_listed(changes, mark=True)}")


def finished(
    folder: WorkDir, changes: list[Change], checkpoint: Checkpoint, steps: int, reporter: Reporter
) -> RunResult | None:
    """Tell of a run that has done its last step; return its result if it is measured too, None if there is more to do.

    Args:
        folder: of the run.
        changes: since then; other metrics or test data are measured anew.
        checkpoint: its newest.
        steps: of the whole run.
        reporter: told.
    """
    step = checkpoint.progress["step"]
    if step < steps:
        return None
    again = any(change.key.startswith(("metrics", "evaluation", "files.test", "data.test")) for change in changes)
    line = None if again else _last_measurement(folder, step)
    done = "all its steps are done" if line is None else "all its steps are done and it is measured"
    reporter.note(f"This run is finished: {done}. To train on, give it more: `--set train.steps=N`, N above {step}.")
    if line is None:
        return None
    about = {key: line.get(key, {}) for key in ("missing", "best", "protocol")}
    return RunResult(folder.path, step, dict(line["metrics"]), folder.checkpoint(step), **about)


def _last_measurement(folder: WorkDir, step: int) -> dict[str, Any] | None:
    """Return the line of the log about the measurement at the end of a run, if there is one."""
    measured = [line for line in read_json_lines(folder.log) if line.get("event") == "metrics" and line.get("last")]
    return next((line for line in reversed(measured) if line.get("step") == step), None)


def _listed(changes: list[Change], *, mark: bool = False) -> str:
    lines = [f"  {change}{OTHER if mark and change.of_weights else ''}" for change in changes[:LISTED]]
    more = len(changes) - LISTED
    return "\n".join([*lines, *([f"  and {more} more"] if more > 0 else [])])
