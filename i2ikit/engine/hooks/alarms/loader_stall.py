"""A loader that keeps the training waiting, or does not answer at all."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch import Tensor

from i2ikit.checks import fraction, positive, positive_int
from i2ikit.engine.hooks.alarms.base import Alarm
from i2ikit.engine.hooks.alarms.patience import Patience


@HOOKS.register_module()
class LoaderStallAlarm(Alarm):
    """Rings when waiting for data takes more than a share of the time, or when no batch comes for long.

    Measured is the time between a step's end and the next batch as a share of all time, over a window; what other
    hooks take (samples, checkpoints) counts as work. The first window of a process is not judged: its workers start.
    Cost: two readings of the clock a step, and one thread that sleeps.

    Args:
        above: share of the time, 0..1.
        steps: length of the window, >= 1.
        hung_after: seconds without a batch after which it rings while the run waits, > 0. The run itself ends after
            ``data.timeout``.

    Raises:
        ValueError: an argument is out of its range.
    """

    priority = "LOWEST"  # the last to act after a step, so that what comes until the next batch is waiting
    advice = (
        "People use more reading processes (--set data.workers=4, up to the number of cores), resize the images once "
        "beforehand or keep them (data.cache), and copy them from a network drive to a local disk. If nothing comes at "
        "all, --set data.workers=0 shows where the reading stands."
    )

    def __init__(self, above: float = 0.5, steps: int = 200, hung_after: float = 60.0) -> None:
        super().__init__()
        self.above, self.steps = fraction("above", above), positive_int("steps", steps)
        self.hung_after = positive("hung_after", hung_after)
        self._ended: float | None = None
        self._began, self._waited, self._count, self._windows = 0.0, 0.0, 0, 0
        self._patience: Patience | None = None

    def before_train(self, runner: Runner) -> None:
        """Begin to listen for a loader that hangs."""
        if not self.silent:
            self._patience = Patience(self.hung_after, partial(self._ring_hung, runner))
            self._patience.start()

    def before_train_epoch(self, runner: Runner) -> None:
        """Take it as the beginning of waiting: the first batch of an epoch is asked for."""
        self._ended = time.monotonic()
        if self._patience is not None:
            self._patience.wait()

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Note that a batch has come; judge at the end of a window."""
        now = time.monotonic()
        if self._patience is not None:
            self._patience.stop_waiting()
        if self.silent:
            return
        if self._ended is not None:
            self._waited += now - self._ended
            self._count += 1
        if self._count == 0:
            self._began = now
        elif self._count >= self.steps:
            self._judge(runner, now)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Begin to wait."""
        self._ended = time.monotonic()
        if self._patience is not None:
            self._patience.wait()

    def after_train_epoch(self, runner: Runner) -> None:
        """Wait for nothing: what runs between epochs is no loader."""
        if self._patience is not None:
            self._patience.stop_waiting()

    def close(self) -> None:
        """End the thread: nothing rings after this."""
        if self._patience is not None:
            self._patience.end()

    def _judge(self, runner: Runner, now: float) -> None:
        total, waited = now - self._began, self._waited
        self._began, self._waited, self._count = now, 0.0, 0
        self._windows += 1
        if self._windows > 1 and waited > self.above * total:
            self.ring(
                runner,
                f"waiting for data took {waited / total:.0%} of the last {self.steps} steps, {waited:.1f} of "
                f"{total:.1f} s (alarm above {self.above:.0%})",
            )

    def _ring_hung(self, runner: Runner, seconds: float) -> None:
        seen = f"no batch has come for {seconds:.0f} s (alarm after {self.hung_after:g} s); the run waits for data"
        self.ring(runner, seen)
