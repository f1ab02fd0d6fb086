"""Checkpoints of a run: every N steps, at the end, and at an interruption; the last K are kept, and the best."""

from collections.abc import Mapping

from torch import Tensor

from i2ikit.engine.checkpointing.checkpoint import Checkpoint, find_unreadable, write_checkpoint
from i2ikit.engine.checkpointing.reproduce import ADVICE
from i2ikit.engine.checkpointing.state import capture
from i2ikit.engine.hooks.base import RunHook
from i2ikit.engine.runner import TranslationRunner
from i2ikit.errors import RunError
from i2ikit.evaluation.evaluator import Evaluator
from i2ikit.tensor_files import find_not_finite


class CheckpointsHook(RunHook):
    """Writes checkpoints and removes the oldest.

    Args:
        every: steps between checkpoints, >= 1.
        keep: how many are kept, >= 1.
        keep_every: checkpoints of steps that it divides are written too, and always kept; None: none.
        evaluator: if its ``metric`` is set, the checkpoint of its best measurement is kept as ``best.pt``.

    Attributes:
        last: step of the checkpoint that was written last, or None.
    """

    priority = 80  # after everything that a checkpoint holds, before everything that reads test data

    def __init__(
        self, *, every: int, keep: int, keep_every: int | None = None, evaluator: Evaluator | None = None
    ) -> None:
        self.every, self.keep, self.keep_every = every, keep, keep_every
        self.evaluator = evaluator if evaluator is not None and evaluator.metric else None
        self.last: int | None = None

    def before_train(self, run: TranslationRunner) -> None:
        """Check before the first step that what the run will save can be read again; remove checkpoints too many.

        Raises:
            RunError: a part or a hook keeps a state that is neither tensors nor plain data.
        """
        if run.progress.step:
            self._drop_old(run)
        foreign = find_unreadable(capture(run))
        if foreign:
            raise RunError(f"this run could not be resumed: {foreign}. Only tensors and plain data can be saved.")

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Save every N steps and after the last one."""
        progress = run.progress
        due = any(progress.step % every == 0 for every in (self.every, self.keep_every) if every)
        if due or progress.step == progress.steps:
            self.save(run)

    def after_val_epoch(self, run: TranslationRunner, metrics: Mapping[str, float] | None = None) -> None:
        """Keep the measured model if it is the best so far."""
        if self.evaluator is not None and self.evaluator.is_best(run.progress.step):
            write_checkpoint(run.folder.best_checkpoint, capture(run))

    def on_interrupt(self, run: TranslationRunner) -> None:
        """Save an interrupted run; called by the loop."""
        self.save(run)

    def save(self, run: TranslationRunner) -> None:
        """Write the checkpoint of the last finished step, unless it exists, and remove the oldest ones.

        Raises:
            RunError: a weight is not finite, or the file cannot be written.
        """
        step = run.progress.step
        if step == self.last:
            return
        state = capture(run)
        self._refuse_non_finite(state)
        write_checkpoint(run.folder.checkpoint(step), state)
        self.last = step
        self._drop_old(run)

    def _drop_old(self, run: TranslationRunner) -> None:
        run.folder.drop_checkpoints_before(run.folder.checkpoint(run.progress.step), self.keep, self.keep_every)

    @staticmethod
    def _refuse_non_finite(state: Checkpoint) -> None:
        """Raise RunError if the last update made a weight, or a state of an optimizer, not finite."""
        wrong = find_not_finite({**state.model, "optimizers": state.optimizers})
        if wrong:
            raise RunError(
                f"step {state.progress['step']}: {wrong} after its update, so no checkpoint of it is written; those of "
                f"earlier steps are intact. {ADVICE}"
            )
