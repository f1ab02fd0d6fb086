"""Checkpoints of a run: every N steps, at the end, when it is interrupted; the last K are kept."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from i2ikit.engine.checkpoint import write_checkpoint
from i2ikit.engine.hooks.clock import Clock
from i2ikit.engine.state import capture
from i2ikit.engine.work_dir import WorkDir


class CheckpointsHook(Hook):
    """Writes checkpoints and drops the oldest.

    Args:
        work_dir: of the run.
        config: resolved, for the checkpoint.
        every: steps between checkpoints, >= 1.
        keep: how many stay, >= 1.
        clock: of the run.

    Attributes:
        last: the checkpoint that was written last, or None.
    """

    priority = "VERY_LOW"

    def __init__(self, work_dir: WorkDir, config: dict[str, Any], *, every: int, keep: int, clock: Clock) -> None:
        self.work_dir, self.config = work_dir, config
        self.every, self.keep, self.clock = every, keep, clock
        self.last: Path | None = None

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Save if it is time."""
        progress = runner.train_loop.progress
        if progress.step % self.every == 0 or progress.step == progress.steps:
            self.save(runner)

    def on_interrupt(self, runner: Runner) -> None:
        """Save a run that ends early; the loop calls this hook."""
        self.save(runner)

    def save(self, runner: Runner) -> None:
        """Write the checkpoint of the step that was done last, unless it is written, and drop the oldest ones."""
        loop = runner.train_loop
        path = self.work_dir.checkpoint(loop.progress.step)
        if path == self.last:
            return
        epoch, batch = loop.position
        progress = {
            "step": loop.progress.step,
            "steps": loop.steps,
            "epoch": epoch,
            "epochs": loop.epochs,
            "batch": batch,
            "batches": len(loop.dataloader),
        }
        model, optimizers = runner.model.translation, runner.optim_wrapper.optimizers
        write_checkpoint(path, capture(self.config, model, optimizers, progress, self.clock.seconds()))
        self.last = path
        self.work_dir.drop_checkpoints_before(path, self.keep)
