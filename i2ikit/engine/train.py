"""Trains: from a config to a work directory."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict, Unpack

from i2ikit.config.sections import with_defaults
from i2ikit.distributed.group import ProcessGroup, is_first
from i2ikit.distributed.launch import find_rank, rank_device
from i2ikit.engine.interruption import Interruption
from i2ikit.engine.reporter import Reporter, RunResult
from i2ikit.engine.run import Run
from i2ikit.engine.run_lock import RunLock
from i2ikit.files import expanded
from i2ikit.from_mmengine import Hook
from i2ikit.work_dir import WorkDir, writing_to


class RunOptions(TypedDict, total=False):
    """Where a run starts and stops.

    Attributes:
        max_steps: ends the run after this step, >= 1, if it is shorter than the config's; schedules are stretched to
            this length.
        pause_at: stop after this step, >= 1, saved and without measuring metrics; the run keeps its length and its
            schedules, and continues with ``resume``. A step that is already done, or beyond the end, changes nothing.
        resume: resume from the newest intact checkpoint in the work directory.
        init: checkpoint with the initial weights of a new run, see :func:`load_initial`; not with ``resume``.
        origin: ``config`` and ``method``, names for the log and the report.
        note: a sentence to show when the run starts.
    """

    max_steps: int | None
    pause_at: int | None
    resume: bool
    init: str | Path | None
    origin: Mapping[str, str]
    note: str


def train(
    config: Mapping[str, Any],
    *,
    work_dir: Path,
    device: str = "cpu",
    reporter: Reporter | None = None,
    hooks: Sequence[Hook] = (),
    **options: Unpack[RunOptions],
) -> RunResult:
    """Run a training to its end, measure the metrics of the config, and leave everything in a work directory.

    Args:
        config: resolved; missing keys of fixed sections have their defaults.
        work_dir: folder of log, samples and checkpoints; it is created.
        device: as for :func:`pick_device`.
        reporter: gets the progress of the run; None: no output.
        hooks: mmengine hooks in addition to the config's.
        options: see :class:`RunOptions`.

    Returns:
        last step, metrics and last checkpoint; ``paused`` if it stopped at ``pause_at``.

    Raises:
        ConfigError, DataError, DeviceError: the run cannot start.
        WorkDirError: ``work_dir`` holds a run and ``resume`` is off, or ``resume`` is on and it holds none; another
            run is writing there; or it cannot be written.
        CheckpointError: the checkpoint is of another model.
        ValueError: both ``resume`` and ``init``.
        RunError: a loss is not finite, or the disk is full.
        RunInterruptedError: a signal arrived; the state is saved.
    """
    info = find_rank()
    own = rank_device(device, info)
    folder = expanded(work_dir)
    with Interruption() as interruption, ProcessGroup(info, own), writing_to(folder), RunLock(folder) as lock:
        run = Run(with_defaults(config), WorkDir(folder), own, reporter if is_first() else None, **options)
        run.find_checkpoint(lock)
        run.build()
        result = run.report_changes()
        if result is None:
            run.check_data()
            run.place_model()
            with closing(run.open_log(lock)) as log:
                result = run.execute(log, hooks, interruption)
        run.reporter.finish(result)
        return result
