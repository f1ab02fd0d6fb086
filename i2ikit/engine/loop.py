"""The training loop: epochs of steps, from the first or from the step after a checkpoint."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from torch import nn

from i2ikit.data.loading import TrainLoader
from i2ikit.data.progressive import ProgressiveSizes
from i2ikit.data.randomness import seed_step
from i2ikit.distributed import processes
from i2ikit.distributed.group import any_rank, average_losses, broadcast_value
from i2ikit.engine.finite import FiniteCheck
from i2ikit.engine.interruption import Interruption, RunInterruptedError
from i2ikit.engine.runner import TranslationRunner
from i2ikit.errors import RunError
from i2ikit.interfaces.progress import MeasuredSchedule, Progress, Schedule, schedule_length


class TranslationLoop:
    """Runs the steps of a training and calls mmengine's hooks at their usual points.

    Args:
        runner: of the run.
        dataloader: batches as a function of (seed, epoch, index).
        accumulate: batches of a step, >= 1; a remainder at the end of an epoch is dropped.
        steps, epochs: of the complete run.
        schedule: factor of all learning rates.
        interruption: checked after each step.
        pause_at: stop after this step, saved; None: run to the end.
        sizes: of the training images over the run; None: the full size.
        may_end_early: whether a hook may call :meth:`end_early`; equal in all processes of a run.

    Attributes:
        check: of the values of each step.
        position: complete epochs, and batches that are done of the next one.
        progress: of the current step, or of the last one.
    """

    def __init__(
        self,
        runner: TranslationRunner,
        dataloader: TrainLoader,
        *,
        steps: int,
        epochs: int,
        schedule: Schedule,
        interruption: Interruption,
        accumulate: int = 1,
        pause_at: int | None = None,
        sizes: ProgressiveSizes | None = None,
        may_end_early: bool = False,
    ) -> None:
        self.runner, self.dataloader, self.accumulate = runner, dataloader, accumulate
        self.steps, self.epochs = steps, epochs
        self.schedule, self.interruption = schedule, interruption
        self.sizes = sizes or ProgressiveSizes()
        self.last = steps if pause_at is None else min(steps, pause_at)
        self.may_end_early, self._end_requested, self.ended_early = may_end_early, False, False
        self.position = (0, 0)
        self.progress = Progress(epoch=1, step=0, epochs=epochs, steps=steps)
        self._iter = 0
        self.check = FiniteCheck(runner)

    @property
    def epoch(self) -> int:
        """Complete epochs; read by mmengine's hooks."""
        return self.position[0]

    @property
    def iter(self) -> int:
        """Steps before the current one; read by mmengine's hooks."""
        return self._iter

    @property
    def max_epochs(self) -> int:
        """Epochs of the complete run."""
        return self.epochs

    @property
    def max_iters(self) -> int:
        """Steps of the complete run."""
        return self.steps

    @property
    def paused(self) -> bool:
        """Whether the run is not at its end; after `run`: whether it stopped at the step to pause at."""
        return self._iter < self.steps and not self.ended_early

    def go_to(self, step: int, epoch: int, batch: int) -> None:
        """Continue after ``step`` steps, with batch ``batch`` (from 0) of the epoch after ``epoch`` complete ones."""
        of_step = epoch + 1 if batch or not step else epoch
        if batch + self.accumulate > len(self.dataloader):  # the epoch was complete, or there is less data now
            epoch, batch = epoch + 1, 0
        self.position, self._iter = (epoch, batch), step
        self.progress = Progress(epoch=of_step, step=step, epochs=self.epochs, steps=self.steps)

    def run(self) -> nn.Module:
        """Run until all steps are done, or until the step to pause at; then the hooks have saved the run.

        Raises:
            RunError: a loss is not finite.
            RunInterruptedError: a signal arrived; the hooks have saved the run.
        """
        if self._iter:  # what a resumed run saves before its first step has the rates of the step before
            self.runner.optim_wrapper.set_rates(self.schedule(self.progress))
        if self.sizes.stages:
            self.runner.reporter.note(self.sizes.describe())
        self.runner.call_hook("before_train")
        self.runner.model.train()
        self._end_if_requested()
        while self._iter < self.last:
            self._run_epoch()
        self.check.settle()
        if self._iter < self.steps:
            self.runner.call_hook("on_interrupt")
        if not self.paused:
            self.runner.call_hook("after_train")
        return self.runner.model

    @property
    def stop_training(self) -> bool:
        """Whether the run ends after the current step; hooks for mmengine's own loops set it.

        Raises:
            RunError: when it is set.
        """
        return self._end_requested

    @stop_training.setter
    def stop_training(self, value: bool) -> None:
        raise RunError("a hook has set train_loop.stop_training: set evaluation.stop_after, then call end_early()")

    def end_early(self) -> None:
        """End the run, saved, after the current step; only with ``may_end_early``."""
        self._end_requested = True

    def _run_epoch(self) -> None:
        epoch, first = self.position
        self.dataloader.start(epoch + 1, first)
        self.runner.call_hook("before_train_epoch")
        batches = iter(self.dataloader)
        steps = min((len(self.dataloader) - first) // self.accumulate, self.last - self._iter)
        for index in range(first, first + steps * self.accumulate, self.accumulate):
            self._run_step(index, self._next(batches))
            if self._end_if_requested():
                break
        self.runner.call_hook("after_train_epoch")
        if self.position[1] + self.accumulate > len(self.dataloader):
            self.position = (epoch + 1, 0)

    def _next(self, batches: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the batches of a step; if one cannot be read in any process, the run is saved before it ends."""
        error: Exception | None = None
        try:
            found = [next(batches) for _ in range(self.accumulate)]
        except Exception as caught:  # of any kind: it comes from data sets, transforms, workers
            found, error = [], caught
        if any_rank(error is not None):
            self._stop_if_interrupted()
            self._save_after_error()
            raise error or RunError("another process could not read its data; see its own message")
        return found

    def _run_step(self, index: int, batches: list[dict[str, Any]]) -> None:
        epoch = self.position[0]
        self.progress = Progress(epoch=epoch + 1, step=self._iter + 1, epochs=self.epochs, steps=self.steps)
        batches = [self.sizes(batch, self.progress) for batch in batches]
        model, updater = self.runner.model, self.runner.optim_wrapper
        model.progress = self.progress.stretched(schedule_length(self.schedule))
        factor = self.schedule(model.progress)
        if isinstance(self.schedule, MeasuredSchedule):  # only the first process measures
            factor = broadcast_value(factor)
        updater.set_rates(factor)
        self.runner.call_hook("before_train_iter", batch_idx=index, data_batch=batches)
        seed_step(model.seed, self.progress.step, model.device, processes.rank())
        losses = model.train_step(batches, updater)
        self.check.add(self.progress, batches, losses, updater.take_flags())
        losses = average_losses(losses)
        self.position = (epoch, index + self.accumulate)
        try:
            self.runner.call_hook("after_train_iter", batch_idx=index, data_batch=batches, outputs=losses)
        except Exception:
            self._save_after_error()
            raise
        self._iter += 1
        self._stop_if_interrupted()

    def _end_if_requested(self) -> bool:
        """End the run after the last step if a hook of any process has requested it; return whether it ends."""
        if self.may_end_early and any_rank(self._end_requested):
            self.last, self.ended_early = self._iter, True
        return self.ended_early

    def _save_after_error(self) -> None:
        """Save the last complete step, if there is one; the error that ends the run is the one to show."""
        step = self.progress.step
        with suppress(Exception):
            if step:
                self.runner.call_hook("on_interrupt")
        if self.runner.folder.checkpoint(step).exists():
            self.runner.reporter.note(f"The run is saved after step {step}; resume it with --resume.")

    def _stop_if_interrupted(self) -> None:
        if self._iter == self.steps or not any_rank(bool(self.interruption.requested)):
            return
        self.runner.call_hook("on_interrupt")
        reason = self.interruption.requested or "another process was interrupted"
        raise RunInterruptedError(
            f"{reason}: stopped after step {self._iter} of {self.steps}; the run is saved in {self.runner.work_dir}. "
            "Resume it with the same command and --resume."
        )
