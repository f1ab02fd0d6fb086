"""Alarms that judge what the generators make of fixed images."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from mmengine.runner import Runner
from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.engine.hooks.alarms.base import Alarm
from i2ikit.engine.hooks.alarms.watch import Look


class LookingAlarm(Alarm):
    """Rings when a number that is taken from the outputs stays below a threshold.

    Cost: one look, shared by all such alarms, every ``every`` steps. Nothing is drawn, and the training is not touched.

    Args:
        below: threshold of :meth:`measure`.
        every: steps between looks, >= 1.
        start: step of the first look that counts, >= 1; at first no generator has learned anything.
        times: looks in a row that must be below, >= 1.

    Raises:
        ValueError: an argument is out of its range.
    """

    def __init__(self, below: float, *, every: int, start: int, times: int) -> None:
        super().__init__()
        self.below = below
        self.every, self.start = positive_int("every", every), positive_int("start", start)
        self.times = positive_int("times", times)
        self._low: dict[str, int] = {}

    @abstractmethod
    def measure(self, look: Look) -> float | None:
        """Return the number of a generator, None where the images allow none."""

    @abstractmethod
    def describe(self, generator: str, value: float) -> str:
        """Return what was seen, in words, for a generator whose number is too low."""

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Look if it is time."""
        step = runner.train_loop.progress.step
        if self.silent or step < self.start or step % self.every:
            return
        assert self.watch is not None, "a silent alarm does not get here"
        for look in self.watch.looks(runner):
            value = self.measure(look)
            low = value is not None and value < self.below
            self._low[look.generator] = self._low.get(look.generator, 0) + 1 if low else 0
            if value is not None and self._low[look.generator] >= self.times:
                self.ring(runner, self.describe(look.generator, value))

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run has to know."""
        return {**super().state_dict(), "low": dict(self._low)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take it back."""
        super().load_state_dict(state)
        self._low = dict(state["low"])
