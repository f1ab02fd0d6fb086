"""Checkpoints of a run: every N steps, at the end, when it is interrupted; the last K are kept, and the best."""

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from i2ikit.engine.checkpointing.checkpoint import find_unreadable, write_checkpoint
from i2ikit.engine.checkpointing.state import capture
from i2ikit.engine.hooks.base import RunHook
from i2ikit.engine.runner import TranslationRunner
from i2ikit.errors import RunError, nearest_hint


class CheckpointsHook(RunHook):
    """Writes checkpoints and drops the oldest.

    Args:
        every: steps between checkpoints, >= 1.
        keep: how many stay, >= 1.
        keep_every: those of steps that it divides are written too, and stay; None: none do.
        best: the number whose best checkpoint stays as ``best.pt``, such as "wasserstein.ratio"; None: there is none.
        best_is: "lower" or "higher".

    Attributes:
        last: step of the checkpoint that was written last, or None.
    """

    priority = "VERY_LOW"

    def __init__(
        self,
        *,
        every: int,
        keep: int,
        keep_every: int | None = None,
        best: str | None = None,
        best_is: str = "lower",
    ) -> None:
        self.every, self.keep, self.keep_every = every, keep, keep_every
        self.best, self.sign = best, 1 if best_is == "lower" else -1
        self.last: int | None = None
        self._record: dict[str, Any] = {}

    def before_train(self, run: TranslationRunner) -> None:
        """Find out, before hours have passed, whether what the run will save can be read again.

        Raises:
            RunError: a part or a hook keeps a state that is neither tensors nor plain data.
        """
        foreign = find_unreadable(capture(run))
        if foreign:
            raise RunError(f"this run could not be resumed: {foreign}. Only tensors and plain data can be saved.")

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Save if it is time."""
        progress = run.progress
        due = any(progress.step % every == 0 for every in (self.every, self.keep_every) if every)
        if due or progress.step == progress.steps:
            self.save(run)

    def after_val_epoch(self, run: TranslationRunner, metrics: Mapping[str, float] | None = None) -> None:
        """Keep the model that was measured, if it is the best so far."""
        if self.best is None or not metrics:
            return
        if self.best not in metrics:
            hint = nearest_hint(self.best, metrics) or f" Measured are {', '.join(metrics)}."
            run.reporter.note(f"No best checkpoint is kept: checkpoint.best={self.best!r} is not measured.{hint}")
            self.best = None
            return
        value = metrics[self.best]
        known = self._record.get("value") if self._record.get("of") == self.best else None
        if not math.isnan(value) and (known is None or self.sign * value < self.sign * known):
            self._record = {"of": self.best, "value": value, "step": run.progress.step}
            write_checkpoint(run.folder.best_checkpoint, capture(run))

    def on_interrupt(self, run: TranslationRunner) -> None:
        """Save a run that ends early; the loop calls this hook."""
        self.save(run)

    def save(self, run: TranslationRunner) -> None:
        """Write the checkpoint of the step that was done last, unless it is written, and drop the oldest ones."""
        step = run.progress.step
        if step == self.last:
            return
        path = run.folder.checkpoint(step)
        write_checkpoint(path, capture(run))
        self.last = step
        run.folder.drop_checkpoints_before(path, self.keep, self.keep_every)

    def state_dict(self) -> dict[str, Any]:
        """Return which step was the best so far, and its number."""
        return dict(self._record)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what :meth:`state_dict` returned."""
        self._record = dict(state)
