"""Trains: from a config to a work directory."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook

from i2ikit.config.sections import with_defaults
from i2ikit.data.loading import TrainLoader
from i2ikit.distributed import processes
from i2ikit.distributed.device import model_to_device
from i2ikit.distributed.group import ProcessGroup, begin_equal, from_first, is_first
from i2ikit.distributed.launch import find_rank, own_device
from i2ikit.engine.assemble import Parts, assemble
from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.engine.checkpointing.initial import load_initial
from i2ikit.engine.checkpointing.resume import changes_since, find_checkpoint, finished, report_changes, run_facts
from i2ikit.engine.checkpointing.state import restore, restore_surroundings
from i2ikit.engine.data import build_train_loader, check_sample
from i2ikit.engine.equipment import Equipment, equip
from i2ikit.engine.interruption import Interruption, RunInterruptedError
from i2ikit.engine.length import run_length, steps_per_epoch
from i2ikit.engine.loop import TranslationLoop
from i2ikit.engine.precision import network_precision
from i2ikit.engine.reporter import Reporter, RunResult, SilentReporter
from i2ikit.engine.run_lock import RunLock
from i2ikit.engine.run_log import open_log
from i2ikit.engine.runner import TranslationRunner
from i2ikit.engine.summary import summarize
from i2ikit.engine.work_dir import WorkDir, writing_to
from i2ikit.evaluation.measure import Measurement
from i2ikit.nn.synchronized_batch_norm import synchronize_batch_norms


def train(
    config: Mapping[str, Any],
    *,
    work_dir: Path,
    device: str = "cpu",
    max_steps: int | None = None,
    pause_at: int | None = None,
    resume: bool = False,
    init: Path | None = None,
    reporter: Reporter | None = None,
    hooks: Sequence[Hook] = (),
) -> RunResult:
    """Run a training to its end, measure the metrics of the config, and leave everything in a work directory.

    Args:
        config: resolved; keys of fixed sections that are missing have their defaults.
        work_dir: where log, samples and checkpoints go; it is made.
        device: as for :func:`pick_device`.
        max_steps: ends the run after this step, >= 1, if it is shorter than the config's; schedules by step take it
            for the run's length, schedules by epoch do not know of it.
        pause_at: stop after this step, >= 1, saved and with no metrics measured; the run keeps its length and its
            schedules, and goes on with ``resume``. A step that is done already, or beyond the end, changes nothing.
        resume: go on from the newest whole checkpoint in ``work_dir``.
        init: checkpoint whose networks a new run begins with, see :func:`load_initial`; without ``resume``.
        reporter: told how it goes; None: nobody is.
        hooks: of mmengine's kind, beside the config's; the checkpoint does not know of them.

    Returns:
        last step, metrics and last checkpoint; ``paused`` if it stopped at ``pause_at``.

    Raises:
        ConfigError, DataError, DeviceError: the run cannot start.
        WorkDirError: ``work_dir`` holds a run and ``resume`` is off, or ``resume`` is on and it holds none; or another
            run is writing there.
        CheckpointError: the checkpoint is of another model.
        WorkDirError: ``work_dir`` cannot be written.
        ValueError: both ``resume`` and ``init``.
        RunError: a loss is not finite, or the disk is full.
        RunInterruptedError: a signal came; the state is saved.
    """
    if resume and init is not None:
        raise ValueError(f"a run that is resumed has its weights; init={str(init)!r} is for a new one")
    place = find_rank()
    own = own_device(device, place)
    folder = Path(work_dir)
    with Interruption() as interruption, ProcessGroup(place, own), writing_to(folder), RunLock(folder) as lock:
        told = reporter if reporter is not None and is_first() else SilentReporter()
        run = _Run(with_defaults(config), WorkDir(folder), lock, own, told, init)
        run.hooks = hooks
        return run.go(max_steps, pause_at, resume, interruption)


class _Run:
    """The objects of one call of :func:`train`."""

    def __init__(
        self,
        config: dict[str, Any],
        folder: WorkDir,
        lock: RunLock,
        device: torch.device,
        reporter: Reporter,
        init: Path | None,
    ) -> None:
        self.config, self.folder, self.lock, self.reporter, self.init = config, folder, lock, reporter, init
        self.hooks: Sequence[Hook] = ()
        self.device = device
        self.seed: int = config["seed"]

    def go(self, max_steps: int | None, pause_at: int | None, resume: bool, interruption: Interruption) -> RunResult:
        checkpoint = None
        if is_first():
            if self.folder.holds_run():
                self.lock.take()
            checkpoint = find_checkpoint(self.folder, self.config, resume=resume, reporter=self.reporter)
        checkpoint = from_first(checkpoint)
        parts = assemble(self.config)
        data, accumulate = self.config["data"], self.config["train"]["accumulate"]
        crew = {"rank": processes.rank(), "world": processes.count()}
        loader = build_train_loader(parts.train_data, data, self.seed, **crew, pin=self.device.type == "cuda")
        steps, epochs = run_length(self.config["train"], steps_per_epoch(loader, accumulate), max_steps)
        facts = run_facts({"train": parts.train_data, "test": parts.test_data}, self.device)
        changes = changes_since(checkpoint, self.config, facts, steps) if checkpoint else []
        if checkpoint is not None:
            report_changes(changes, checkpoint, self.reporter)
            result = finished(self.folder, changes, checkpoint, steps, self.reporter)
            if result is not None:
                self.reporter.finish(result)
                return result
        self._check_sample(parts, loader)
        self._place(parts, checkpoint)
        if is_first():
            self.folder.path.mkdir(parents=True, exist_ok=True)
            self.lock.take()
            self.lock.sign()
        length = {"steps": steps, "epochs": epochs}
        log = open_log(self.folder, self.config, self.device, length, checkpoint, changes, self.init)
        equipment = None
        try:
            equipment = equip(
                self.config, parts, self.folder, self.device, self.reporter,
                loader=loader, log=log, facts=facts, checkpoint=checkpoint, more_hooks=self.hooks,
            )  # fmt: skip
            runner = equipment.runner
            loop = TranslationLoop(
                runner,
                loader,
                **length,
                schedule=parts.schedule,
                interruption=interruption,
                accumulate=accumulate,
                pause_at=pause_at,
                may_end_early=self.config["evaluation"].get("stop_after") is not None,
            )
            if checkpoint is not None:
                loop.go_to(**{key: checkpoint.progress[key] for key in ("step", "epoch", "batch")})
            self.reporter.start(summarize(self.config, parts, loop, self.folder.path, self.device))
            runner.train_with(loop, lambda: self._restore_surroundings(checkpoint, runner))
            found = Measurement() if loop.paused else self._measure(equipment, interruption)
        finally:
            if equipment is not None:
                equipment.close()  # before the log: a hook may still be writing a line
            log.close()
        last = self.folder.checkpoint(loop.progress.step)
        result = RunResult(
            self.folder.path,
            loop.progress.step,
            found.metrics,
            last if last.exists() else None,
            loop.paused,
            missing=found.missing,
            best=equipment.evaluation.evaluation.best if equipment.evaluation is not None else {},
            protocol=found.protocol,
        )
        self.reporter.finish(result)
        return result

    def _check_sample(self, parts: Parts, loader: TrainLoader) -> None:
        bad = check_sample(parts.train_data, loader.bad_files, self.seed)
        if bad:
            self.reporter.note(bad)

    def _place(self, parts: Parts, checkpoint: Checkpoint | None) -> None:
        """Bring the model to its device, and to the state of a checkpoint; the same in every process."""
        if processes.count() > 1:
            synchronize_batch_norms(parts.model)
        model_to_device(parts.model, self.device)
        parts.model.precision = network_precision(self.config["train"]["precision"], self.device)
        if self.init is not None:
            taken = load_initial(self.init, parts.model, self.device)
            self.reporter.note(f"The run begins with {', '.join(taken)} of {self.init}.")
        if checkpoint is not None:
            restore(checkpoint, parts.model, parts.optimizers, self.device)
        begin_equal(parts.model)

    def _restore_surroundings(self, checkpoint: Checkpoint | None, runner: TranslationRunner) -> None:
        if checkpoint is not None:
            for text in restore_surroundings(checkpoint, runner):
                self.reporter.note(text)

    def _measure(self, equipment: Equipment, interruption: Interruption) -> Measurement:
        if equipment.evaluation is None:
            return Measurement()

        def pause() -> None:
            if interruption.requested:
                raise RunInterruptedError(
                    f"{interruption.requested}: the training in {self.folder.path} is done and saved, the metrics are "
                    "not measured. Measure them with the same command and --resume."
                )

        return equipment.evaluation.finish(equipment.runner, pause)
