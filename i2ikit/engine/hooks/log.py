"""Writes losses and learning rates of a run to its log."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from i2ikit.engine.hooks.base import RunHook
from i2ikit.engine.runner import TranslationRunner


class LogHook(RunHook):
    """Writes a line every N steps, at the first and the last step: the losses' means since the previous line.

    A term that is skipped in some of these steps has the mean over the others. Learning rates are those of the step.

    Args:
        every: steps between lines, >= 1.
    """

    priority = "BELOW_NORMAL"

    def __init__(self, every: int) -> None:
        self.every = every
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Add the losses of a step; write a line if it is due."""
        for name, loss in losses.items():
            self._sums[name] = self._sums[name] + loss if name in self._sums else loss
            self._counts[name] = self._counts.get(name, 0) + 1
        progress = run.progress
        if progress.step % self.every and progress.step not in (1, progress.steps):
            return
        run.log.write(
            {
                "step": progress.step,
                "epoch": progress.epoch,
                "time": round(run.seconds(), 3),
                "lr": run.optim_wrapper.rates(),
                "losses": {name: total.item() / self._counts[name] for name, total in self._sums.items()},
            }
        )
        self._sums, self._counts = {}, {}

    def state_dict(self) -> dict[str, Any]:
        """Return the sums since the last line."""
        return {"sums": dict(self._sums), "counts": dict(self._counts)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the sums since the last line."""
        self._sums = {name: torch.as_tensor(total).reshape(()) for name, total in state["sums"].items()}
        self._counts = {name: int(state["counts"][name]) for name in self._sums}
