"""Scalars of a run into ``log.jsonl``."""

from collections.abc import Mapping
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from i2ikit.engine.hooks.clock import Clock
from i2ikit.engine.json_log import JsonLog


class LogHook(Hook):
    """Writes a line every N steps, at the first and the last step: the losses' means since the line before.

    A term that is left out in some of these steps has the mean over the others. Learning rates are those of the step.

    Args:
        log: where lines go.
        every: steps between lines, >= 1.
        clock: of the run.
    """

    priority = "BELOW_NORMAL"

    def __init__(self, log: JsonLog, every: int, clock: Clock) -> None:
        self.log, self.every, self.clock = log, every, clock
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Add the losses of a step; write a line if it is time."""
        for name, loss in (outputs or {}).items():
            self._sums[name] = self._sums[name] + loss if name in self._sums else loss
            self._counts[name] = self._counts.get(name, 0) + 1
        progress = runner.train_loop.progress
        if progress.step % self.every and progress.step not in (1, progress.steps):
            return
        self.log.write(
            {
                "step": progress.step,
                "epoch": progress.epoch,
                "time": round(self.clock.seconds(), 3),
                "lr": runner.optim_wrapper.rates(),
                "losses": {name: total.item() / self._counts[name] for name, total in self._sums.items()},
            }
        )
        self._sums, self._counts = {}, {}

    def state_dict(self) -> dict[str, Any]:
        """Return what has been added since the last line."""
        return {"sums": dict(self._sums), "counts": dict(self._counts)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what :meth:`state_dict` returned."""
        self._sums, self._counts = dict(state["sums"]), dict(state["counts"])
