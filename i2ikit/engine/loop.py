"""The training loop: epochs of steps, from wherever the run stands."""

import math
from collections.abc import Mapping
from typing import Any

from mmengine.runner import BaseLoop, Runner
from torch import Tensor, nn

from i2ikit.engine.interruption import Interruption, RunInterruptedError
from i2ikit.engine.loading import TrainLoader
from i2ikit.engine.randomness import seed_step
from i2ikit.engine.runner_model import RunnerModel
from i2ikit.engine.update import PhaseUpdater
from i2ikit.errors import RunError
from i2ikit.ops.progress import Progress, Schedule


class TranslationLoop(BaseLoop):
    """Runs the steps of a training and calls mmengine's hooks at their usual points.

    Args:
        runner: mmengine's.
        dataloader: batches as a function of (seed, epoch, place).
        steps, epochs: of the whole run.
        schedule: factor of all learning rates.
        interruption: looked at after each step.
        pause_at: stop after this step, saved; None: run to the end.

    Attributes:
        position: epochs that are done, and batches that are done of the next one.
        progress: of the step that runs or was done last.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: TrainLoader,
        *,
        steps: int,
        epochs: int,
        schedule: Schedule,
        interruption: Interruption,
        pause_at: int | None = None,
    ) -> None:
        super().__init__(runner, dataloader)
        self.steps, self.epochs = steps, epochs
        self.schedule, self.interruption = schedule, interruption
        self.last = steps if pause_at is None else min(steps, pause_at)
        self.position = (0, 0)
        self.progress = Progress(epoch=1, step=0, epochs=epochs, steps=steps)
        self._iter = 0

    @property
    def epoch(self) -> int:
        """Epochs that are done; what mmengine's hooks ask for."""
        return self.position[0]

    @property
    def iter(self) -> int:
        """Steps that were done before the running one; what mmengine's hooks ask for."""
        return self._iter

    @property
    def max_epochs(self) -> int:
        """Epochs of the whole run."""
        return self.epochs

    @property
    def max_iters(self) -> int:
        """Steps of the whole run."""
        return self.steps

    @property
    def paused(self) -> bool:
        """Whether the run is not at its end; after `run`: whether it stopped at the step to pause at."""
        return self._iter < self.steps

    def go_to(self, step: int, epoch: int, batch: int) -> None:
        """Go on after ``step`` steps, with batch ``batch`` (from 0) of the epoch after ``epoch`` whole ones."""
        if batch >= len(self.dataloader):  # the last batch of an epoch was done, or the data has become less
            epoch, batch = epoch + 1, 0
        self.position, self._iter = (epoch, batch), step
        self.progress = Progress(epoch=epoch + 1, step=step, epochs=self.epochs, steps=self.steps)

    def run(self) -> nn.Module:
        """Run until all steps are done, or until the step to pause at; then the hooks have saved the run.

        Raises:
            RunError: a loss is not finite.
            RunInterruptedError: a signal came; the hooks have saved the run.
        """
        self.runner.call_hook("before_train")
        self.runner.model.train()
        while self._iter < self.last:
            self._run_epoch()
        self.runner.call_hook("on_interrupt" if self.paused else "after_train")
        return self.runner.model

    def _run_epoch(self) -> None:
        epoch, first = self.position
        self.dataloader.set_epoch(epoch + 1)
        self.dataloader.start(first)
        self.runner.call_hook("before_train_epoch")
        batches = iter(self.dataloader)
        for index in range(first, min(len(self.dataloader), first + self.last - self._iter)):
            self._run_step(index, self._next(batches))
        self.runner.call_hook("after_train_epoch")
        if self.position[1] == len(self.dataloader):
            self.position = (epoch + 1, 0)

    def _next(self, batches: Any) -> dict[str, Any]:
        try:
            return next(batches)
        except RuntimeError:  # a Ctrl-C reaches the loader's workers too
            self._stop_if_asked()
            raise

    def _run_step(self, index: int, batch: dict[str, Any]) -> None:
        epoch = self.position[0]
        self.progress = Progress(epoch=epoch + 1, step=self._iter + 1, epochs=self.epochs, steps=self.steps)
        model: RunnerModel = self.runner.model
        updater: PhaseUpdater = self.runner.optim_wrapper
        model.progress = self.progress
        updater.set_rates(self.schedule(self.progress))
        self.runner.call_hook("before_train_iter", batch_idx=index, data_batch=batch)
        seed_step(model.seed, self.progress.step, model.device)
        losses = model.train_step(batch, updater)
        if updater.blocked:
            raise RunError(self._not_finite(losses, updater.blocked))
        self.position = (epoch, index + 1)
        self.runner.call_hook("after_train_iter", batch_idx=index, data_batch=batch, outputs=losses)
        self._iter += 1
        self._stop_if_asked()

    def _not_finite(self, losses: Mapping[str, Tensor], phase: str) -> str:
        bad = {name: loss.item() for name, loss in losses.items() if not math.isfinite(loss.item())}
        named = ", ".join(f"{name!r} is {value}" for name, value in bad.items()) or f"the sum of phase {phase!r} is"
        return (
            f"step {self.progress.step} (epoch {self.progress.epoch}) stopped before its update: a loss is not finite: "
            f"{named}. Often the learning rate is too high: lower it with `--set optimizer.lr=...`."
        )

    def _stop_if_asked(self) -> None:
        if not self.interruption.requested or self._iter == self.steps:
            return
        self.runner.call_hook("on_interrupt")
        raise RunInterruptedError(
            f"{self.interruption.requested}: stopped after step {self._iter} of {self.steps}; the run is saved in "
            f"{self.runner.work_dir}. Go on with the same command and --resume."
        )
