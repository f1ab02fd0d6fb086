"""A run: one training, from its config to its result."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from i2ikit.data.progressive import ProgressiveSizes
from i2ikit.distributed import processes
from i2ikit.distributed.group import broadcast_model, broadcast_value, is_first
from i2ikit.engine.assemble import assemble, never_updated, run_length, steps_per_epoch
from i2ikit.engine.checkpointing.changes import Change, changes_since, run_facts
from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.engine.checkpointing.initial import load_initial
from i2ikit.engine.checkpointing.resume import find_checkpoint, finished, measures_anew, report_changes, report_rate
from i2ikit.engine.checkpointing.state import restore, restore_surroundings
from i2ikit.engine.data import (
    build_train_loader,
    check_first_batch,
    notes_on_test_set,
    notes_on_training_set,
    open_test_files,
)
from i2ikit.engine.execution import make_updater, set_execution
from i2ikit.engine.graphed_steps import graphed_steps
from i2ikit.engine.hooks.alarms import FixedOutputs, OutputAlarm
from i2ikit.engine.hooks.bad_files import BadFilesHook
from i2ikit.engine.hooks.checkpoints import CheckpointsHook
from i2ikit.engine.hooks.display import DisplayHook
from i2ikit.engine.hooks.evaluation import EvaluationHook, make_evaluation_hook
from i2ikit.engine.hooks.log import LogHook
from i2ikit.engine.hooks.samples import SamplesHook
from i2ikit.engine.hooks.trackers import TrackersHook
from i2ikit.engine.interruption import Interruption, RunInterruptedError
from i2ikit.engine.log import RunLog, write_config
from i2ikit.engine.loop import TranslationLoop
from i2ikit.engine.reporter import Reporter, RunResult, RunSummary
from i2ikit.engine.run_lock import RunLock
from i2ikit.engine.runner import RunnerModel, TranslationRunner
from i2ikit.environment import describe
from i2ikit.errors import RunError
from i2ikit.evaluation.measure import Measurement
from i2ikit.from_mmengine import Hook
from i2ikit.interfaces.progress import rate_curve, schedule_length
from i2ikit.nn.synchronized_batch_norm import synchronize_batch_norms
from i2ikit.work_dir import WorkDir


class Run:
    """One training, from its config to its result; :func:`train` calls the methods in their order.

    Args:
        config: resolved, with defaults.
        folder: work directory.
        device: of this process.
        reporter: None in all processes but the first.
        max_steps, pause_at, resume, init, origin, note: see :class:`i2ikit.engine.train.RunOptions`.

    Attributes:
        checkpoint: to resume from, or None; after :meth:`find_checkpoint`.
        parts: after :meth:`build`, as the next three.
        loader: of the training batches.
        length: ``steps`` and ``epochs`` of the run.
        facts: of data and machine, for the checkpoints.
        changes: since the checkpoint; after :meth:`report_changes`.
        left_out: messages about test files that cannot be read; after :meth:`check_data`.
    """

    def __init__(
        self,
        config: dict[str, Any],
        folder: WorkDir,
        device: torch.device,
        reporter: Reporter | None,
        *,
        max_steps: int | None = None,
        pause_at: int | None = None,
        resume: bool = False,
        init: str | Path | None = None,
        origin: Mapping[str, str] | None = None,
        note: str = "",
    ) -> None:
        if resume and init is not None:
            raise ValueError(f"a resumed run has its weights; init={str(init)!r} is for a new run")
        self.config, self.folder, self.device = config, folder, device
        self.reporter = reporter or Reporter()
        self.max_steps, self.pause_at, self.resume, self.init = max_steps, pause_at, resume, init
        self.origin, self.note = dict(origin or {}), note
        self.changes: list[Change] = []
        self.left_out: list[str] = []

    def find_checkpoint(self, lock: RunLock) -> None:
        """Find the checkpoint to resume from; a folder with a run is locked first."""
        checkpoint = None
        if is_first():
            if self.folder.holds_run():
                lock.take()
            checkpoint = find_checkpoint(self.folder, self.config, resume=self.resume, reporter=self.reporter)
        self.checkpoint: Checkpoint | None = broadcast_value(checkpoint)

    def build(self) -> None:
        """Build the parts and the loader, on the CPU."""
        self.parts = parts = assemble(self.config)
        self.loader = build_train_loader(
            parts.train_data,
            self.config["data"],
            self.config["seed"],
            rank=processes.rank(),
            world=processes.count(),
            pin=self.device.type == "cuda",
        )
        per_epoch = steps_per_epoch(self.loader, self.config["train"]["accumulate"])
        self.length = run_length(self.config["train"], per_epoch, self.max_steps)
        self.loader.stretch(schedule_length(parts.schedule), self.length["epochs"])
        self.facts = run_facts({"train": parts.train_data, "test": parts.test_data}, self.device, self.config)

    def report_changes(self) -> RunResult | None:
        """Report what has changed since the checkpoint; return the result of a run that is finished and measured."""
        if self.checkpoint is None:
            return None
        steps = self.length["steps"]
        self.changes = changes_since(self.checkpoint, self.config, self.facts, steps)
        report_changes(self.changes, self.checkpoint, self.reporter)
        report_rate(self.checkpoint, self.parts.schedule, self.length, self.reporter)
        return finished(self.folder, self.changes, self.checkpoint, steps, self.reporter)

    def check_data(self) -> None:
        """Read some training files and all test files, to find bad ones before hours have passed."""
        check_first_batch(self.config, self.parts.model, self.parts.train_data)
        for note in notes_on_training_set(self.parts.train_data, self.loader.bad_files, self.config["seed"]):
            self.reporter.note(note)
        if is_first():
            self.left_out = open_test_files(self.parts.test_data, self.config["data"]["bad_fraction"])
            for number, message in enumerate(self.left_out, 1):
                self.reporter.note(f"{message.rstrip('.')}. It is left out of the test set ({number} left out).")

    def place_model(self) -> None:
        """Move the model to its device and load its weights, equally in every process."""
        model = self.parts.model
        if processes.count() > 1:
            synchronize_batch_norms(model)
        set_execution(model, self.config["train"], self.device, self.reporter.note)
        if self.init is not None:
            names = load_initial(self.init, model, self.device)
            self.reporter.note(f"Initial weights of {', '.join(names)} are from {self.init}.")
        if self.checkpoint is not None:
            restore(self.checkpoint, model, self.parts.optimizers, self.device)
        broadcast_model(model)

    def open_log(self, lock: RunLock) -> RunLog:
        """Lock the folder, write the config and the first line of the log; the first process alone writes."""
        if not is_first():
            return RunLog(None)
        self.folder.path.mkdir(parents=True, exist_ok=True)
        lock.take()
        lock.sign()
        if self.checkpoint is None:
            self.folder.refuse_another_run()  # one that has started and ended in the meantime
            self.folder.clear()
        write_config(self.folder.path, self.config)
        step = self.checkpoint.progress["step"] if self.checkpoint else 0
        log = RunLog(self.folder.log, keep_until=step)
        event: dict[str, Any] = {"event": "resume", "step": step} if self.checkpoint else {"event": "start"}
        if self.changes:
            event["changes"] = [str(change) for change in self.changes]
        if self.init is not None:
            event["init"] = str(self.init)
        if self.left_out:
            event["bad_test_files"] = self.left_out
        event |= self.origin | {"seed": self.config["seed"], **self.length, "processes": processes.count()}
        log.write({**event, **describe(self.device)})
        return log

    def execute(self, log: RunLog, hooks: Sequence[Hook], interruption: Interruption) -> RunResult:
        """Train and measure."""
        again = measures_anew(self.changes)
        evaluation = make_evaluation_hook(self.config, self.parts, self.device, again=again) if is_first() else None
        runner = self.make_runner(log, [*self.own_hooks(evaluation), *self.parts.hooks, *hooks])
        loop = self.make_loop(runner, interruption)
        try:
            self.reporter.start(self.summary(loop))
            if self.note:
                self.reporter.note(self.note)
            runner.train_with(loop, lambda: self.restore_hooks(runner))
            found = Measurement()
            if evaluation is not None and not loop.paused:
                found = evaluation.finish(runner, lambda: self.stop_measuring(interruption))
        finally:
            runner.close_hooks()
        step = loop.progress.step
        last = self.folder.checkpoint(step)
        if is_first() and not last.exists():
            raise RunError(f"{last} was removed while the run wrote to {self.folder.path}")
        return RunResult(
            self.folder.path,
            step,
            found.metrics,
            last if is_first() else None,
            loop.paused,
            missing=found.missing,
            best=evaluation.evaluator.best if evaluation is not None else {},
            protocol=found.protocol,
        )

    def own_hooks(self, evaluation: EvaluationHook | None) -> list[Hook]:
        """Return i2ikit's hooks; processes other than the first only watch their files."""
        hooks: list[Hook] = [BadFilesHook(self.loader.bad_files)]
        if not is_first():
            return hooks
        config, test_data = self.config, self.parts.test_data
        checkpoints = CheckpointsHook(**config["checkpoint"], evaluator=evaluation.evaluator if evaluation else None)
        hooks += [LogHook(config["log"]["every"]), DisplayHook(), checkpoints]
        for note in notes_on_test_set(self.parts.train_data, test_data):
            self.reporter.note(note)
        if test_data is not None:
            hooks.append(SamplesHook(self.folder.samples, test_data, **config["samples"], seed=config["seed"]))
        if evaluation is not None:
            hooks.append(evaluation)
        backends = bool(config.get("vis_backends"))
        if self.parts.trackers or backends:
            step = self.checkpoint.progress["step"] if self.checkpoint else 0
            hooks.append(TrackersHook(self.parts.trackers, backends=backends, step=step))
        fixed = FixedOutputs(test_data or self.parts.train_data, config["seed"])
        for hook in self.parts.hooks:
            if isinstance(hook, OutputAlarm):
                hook.fixed = fixed
        return hooks

    def make_runner(self, log: RunLog, hooks: Sequence[Hook]) -> TranslationRunner:
        """Return mmengine's runner with the model, the updater and the hooks."""
        model, train = self.parts.model, self.config["train"]
        updater = make_updater(self.parts.optimizers, train, self.device)
        graphs = graphed_steps(model, updater, train, self.device, self.reporter.note)
        return TranslationRunner(
            RunnerModel(model, self.device, self.config["seed"], graphs),
            updater,
            self.loader,
            config=self.config,
            folder=self.folder,
            hooks=hooks,
            backends=self.config.get("vis_backends", []) if is_first() else [],
            reporter=self.reporter,
            log=log,
            facts=self.facts,
            seconds=self.checkpoint.extra["seconds"] if self.checkpoint else 0.0,
        )

    def make_loop(self, runner: TranslationRunner, interruption: Interruption) -> TranslationLoop:
        """Return the loop, at the step to continue with."""
        loop = TranslationLoop(
            runner,
            self.loader,
            **self.length,
            schedule=self.parts.schedule,
            interruption=interruption,
            accumulate=self.config["train"]["accumulate"],
            pause_at=self.pause_at,
            sizes=ProgressiveSizes(self.config["data"].get("progressive") or ()),
            may_end_early=self.config["evaluation"].get("stop_after") is not None,
        )
        if self.checkpoint is not None:
            loop.go_to(**{key: self.checkpoint.progress[key] for key in ("step", "epoch", "batch")})
        return loop

    def summary(self, loop: TranslationLoop) -> RunSummary:
        """Return what the run is about to do."""
        parts, networks = self.parts, self.parts.model.networks
        return RunSummary(
            work_dir=self.folder.path,
            device=str(self.device),
            seed=self.config["seed"],
            networks={name: sum(x.numel() for x in network.parameters()) for name, network in networks.items()},
            **self.length,
            steps_per_epoch=len(self.loader) // loop.accumulate,
            batch_size=self.config["data"]["batch_size"],
            train_images=len(parts.train_data),
            test_images=len(parts.test_data) if parts.test_data is not None else 0,
            first_step=loop.iter + 1,
            epoch=parts.train_data.describe() if hasattr(parts.train_data, "describe") else "",
            accumulate=loop.accumulate,
            processes=processes.count(),
            precision=self.config["train"]["precision"],
            rate=str(curve := rate_curve(parts.schedule, **self.length)),
            warning=" ".join(filter(None, (curve.warning(), never_updated(parts.model)))),
        )

    def restore_hooks(self, runner: TranslationRunner) -> None:
        """Restore the hooks and the gradient scaler from the checkpoint."""
        if self.checkpoint is not None:
            for text in restore_surroundings(self.checkpoint, runner):
                self.reporter.note(text)

    def stop_measuring(self, interruption: Interruption) -> None:
        """Raise RunInterruptedError if a signal has arrived."""
        if interruption.requested:
            raise RunInterruptedError(
                f"{interruption.requested}: the training in {self.folder.path} is done and saved, the metrics are not "
                "measured. Measure them with the same command and --resume."
            )
