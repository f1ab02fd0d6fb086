"""Feeds the reporter while a run goes on."""

import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from i2ikit.engine.reporter import Reporter

SECONDS_BETWEEN = 0.25  # reading losses makes a GPU wait, so not every step is told
WINDOW = 60  # tellings over which the speed is taken


class DisplayHook(Hook):
    """Tells the reporter about the first and the last step and about others, a few each second."""

    priority = "BELOW_NORMAL"

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self._told: deque[tuple[float, int]] = deque(maxlen=WINDOW)

    def before_train(self, runner: Runner) -> None:
        """Start to take the time."""
        self._told.append((time.monotonic(), runner.train_loop.iter))

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Tell the reporter if it is time."""
        now, progress = time.monotonic(), runner.train_loop.progress
        if now - self._told[-1][0] < SECONDS_BETWEEN and len(self._told) > 1 and progress.step != progress.steps:
            return
        then, step = self._told[0]
        self._told.append((now, progress.step))
        rate = (progress.step - step) / max(now - then, 1e-9)
        eta = (progress.steps - progress.step) / rate
        losses = {name: loss.item() for name, loss in (outputs or {}).items()}
        self.reporter.step(progress.step, progress.epoch, rate, eta, losses)
