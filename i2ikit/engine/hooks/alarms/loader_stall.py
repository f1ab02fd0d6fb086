"""Slow loading: the training waits for data."""

import time
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from i2ikit.checks import fraction, positive_int
from i2ikit.engine.hooks.alarms.base import Alarm
from i2ikit.engine.runner import TranslationRunner
from i2ikit.errors import counted
from i2ikit.from_mmengine import HOOKS


@HOOKS.register_module()
class LoaderStallAlarm(Alarm):
    """Triggers when waiting for data takes more than a fraction of the time.

    Measured is the time between a step's end and the next batch as a fraction of all time, over a window; the time of
    other hooks (samples, checkpoints) counts as work. The first window of a process is skipped: its workers start.
    Cost: two readings of the clock a step. If no batch comes at all, the run ends after ``data.timeout``.

    Args:
        above: fraction of the time, 0..1.
        steps: length of the window, >= 1.

    Raises:
        ValueError: an argument is out of its range.
    """

    priority = "LOWEST"  # the last to act after a step, so that the time until the next batch is waiting
    advice = (
        "Use more data-loading workers (--set data.workers=4, up to the number of cores), resize the images once "
        "beforehand or cache them (data.cache), and copy them from a network drive to a local disk."
    )

    def __init__(self, above: float = 0.5, steps: int = 200) -> None:
        super().__init__()
        self.above, self.steps = fraction("above", above), positive_int("steps", steps)
        self._ended = 0.0
        self._began, self._waited, self._count, self._windows = 0.0, 0.0, 0, 0

    def before_train_epoch(self, run: TranslationRunner) -> None:
        """Start waiting for the first batch of an epoch."""
        self._ended = time.monotonic()

    def before_train_iter(self, run: TranslationRunner, batch_idx: int, data_batch: Any = None) -> None:
        """End waiting; check the window if it is complete."""
        now = time.monotonic()
        self._waited += now - self._ended
        self._count += 1
        if self._count < self.steps:
            return
        total, waited = now - self._began, self._waited
        self._began, self._waited, self._count = now, 0.0, 0
        self._windows += 1
        if self._windows > 1 and waited > self.above * total:
            self.trigger(
                run,
                f"waiting for data took {waited / total:.0%} of the last {counted(self.steps, 'step')}, {waited:.1f} "
                f"of {total:.1f} s (alarm above {self.above:.0%})",
            )

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Start waiting for the next batch."""
        self._ended = time.monotonic()
