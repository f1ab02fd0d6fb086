"""The base of i2ikit's own hooks."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from i2ikit.engine.runner import TranslationRunner
from i2ikit.from_mmengine import Hook


class RunHook(Hook):
    """A hook of mmengine with one plain method for what happens after a step."""

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Act after a step.

        Args:
            run: of this step; ``run.progress`` counts it.
            losses: unweighted, by name of the term, detached; means over all processes.
        """

    def after_train_iter(
        self,
        runner: TranslationRunner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Call :meth:`after_step`; the loop calls this."""
        self.after_step(runner, outputs or {})
