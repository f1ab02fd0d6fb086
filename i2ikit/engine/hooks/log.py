"""Writes losses and learning rates of a run to its log."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from torch import Tensor

from i2ikit.engine.hooks.base import RunHook
from i2ikit.engine.hooks.loss_sums import LossSums
from i2ikit.engine.runner import TranslationRunner
from i2ikit.errors import I2IKitError
from i2ikit.interfaces.progress import Progress


class LogHook(RunHook):
    """Writes a line every N steps, at the first and the last step: the losses' means since the previous line.

    A run that ends between two lines, by a signal or an error, ends its log with a line that is marked ``partial``; a
    resumed run drops it, so that its log is that of a run without interruption. A term that is skipped in some of the
    steps of a line has the mean over the others. Learning rates are those of the step.

    Args:
        every: steps between lines, >= 1.
    """

    priority = "BELOW_NORMAL"

    def __init__(self, every: int) -> None:
        self.every = every
        self._sums = LossSums()
        self._pending: Callable[[], dict[str, Any]] | None = None  # the line of the last step, if it is not written
        self._write: Callable[[Mapping[str, Any]], None] = lambda line: None

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Add the losses of a step; write a line if it is due."""
        self._sums.add(losses)
        progress = run.progress
        self._pending, self._write = partial(self._line, run, progress, run.seconds()), run.log.write
        if progress.step % self.every and progress.step not in (1, progress.steps):
            return
        run.settle()
        self._write(self._pending())
        self._sums.clear()
        self._pending = None

    def close(self) -> None:
        """Write the losses since the last line; the error that ended the run is the one to show."""
        if self._pending is not None:
            with suppress(I2IKitError, OSError, RuntimeError):
                self._write({**self._pending(), "partial": True})

    def _line(self, run: TranslationRunner, progress: Progress, seconds: float) -> dict[str, Any]:
        return {
            "step": progress.step,
            "epoch": progress.epoch,
            "time": round(seconds, 3),
            "lr": run.optim_wrapper.rates(),
            "losses": self._sums.means(),
        }

    def state_dict(self) -> dict[str, Any]:
        """Return the sums since the last line."""
        return self._sums.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the sums since the last line."""
        self._sums.load_state_dict(state)
