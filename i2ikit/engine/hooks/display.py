"""Reports the progress of a run to the user."""

import time
from collections import deque
from collections.abc import Mapping

from torch import Tensor

from i2ikit.engine.hooks.base import RunHook
from i2ikit.engine.hooks.loss_sums import read_losses
from i2ikit.engine.runner import TranslationRunner

SECONDS_BETWEEN = 0.25  # reading losses makes a GPU wait, so not every step is reported
WINDOW = 60  # reports over which the speed is averaged


class DisplayHook(RunHook):
    """Reports the first and the last step to the reporter, and others a few times a second."""

    priority = "BELOW_NORMAL"

    def __init__(self) -> None:
        self._reported: deque[tuple[float, int]] = deque(maxlen=WINDOW)

    def before_train(self, run: TranslationRunner) -> None:
        """Start the clock."""
        self._reported.append((time.monotonic(), run.train_loop.iter))

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Report the step if it is due."""
        now, progress = time.monotonic(), run.progress
        recent = now - self._reported[-1][0] < SECONDS_BETWEEN
        if recent and len(self._reported) > 1 and progress.step != progress.steps:
            return
        then, step = self._reported[0]
        self._reported.append((now, progress.step))
        rate = (progress.step - step) / max(now - then, 1e-9)
        eta = (progress.steps - progress.step) / rate
        run.settle()
        run.reporter.step(progress.step, progress.epoch, rate, eta, dict(read_losses([losses])))
