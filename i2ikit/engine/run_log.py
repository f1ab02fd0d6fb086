"""The beginning of a run's log."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from i2ikit.distributed import processes
from i2ikit.distributed.group import is_first
from i2ikit.engine.checkpointing.changes import Change
from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.engine.json_log import JsonLog
from i2ikit.engine.work_dir import WorkDir
from i2ikit.environment import describe


def open_log(
    folder: WorkDir,
    config: Mapping[str, Any],
    device: torch.device,
    length: Mapping[str, int],
    checkpoint: Checkpoint | None,
    changes: list[Change],
    init: Path | None,
) -> JsonLog:
    """Write the config and the first line of the log; from here on the work directory holds a run.

    Processes other than the first one write nothing.

    Args:
        folder: of the run.
        config: resolved.
        device: of this process.
        length: ``steps`` and ``epochs`` of the run.
        checkpoint: that the run goes on from, None for a new one.
        changes: since the checkpoint.
        init: checkpoint that a new run has its first weights from.
    """
    if not is_first():
        return JsonLog(Path(os.devnull))
    if checkpoint is None:
        folder.refuse_another_run()  # one that has begun and ended since this one looked
        folder.clear()
    folder.write_config(config)
    done = checkpoint.progress["step"] if checkpoint else 0
    log = JsonLog(folder.log, keep_until=done)
    event: dict[str, Any] = {"event": "resume", "step": done} if checkpoint else {"event": "start"}
    if changes:
        event["changes"] = [str(change) for change in changes]
    if init is not None:
        event["init"] = str(init)
    event |= {"seed": config["seed"], **length, "processes": processes.count()}
    log.write({**event, **describe(device)})
    return log
