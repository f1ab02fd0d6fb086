"""Metrics on held-out images while a run goes on and at its end; ends a run that no longer improves."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from i2ikit.engine.evaluation import Evaluation
from i2ikit.engine.hooks.base import RunHook
from i2ikit.engine.reporter import reasons_in_words
from i2ikit.engine.runner import TranslationRunner
from i2ikit.evaluation.measure import Measurement

SHOWN = 4  # numbers of a measurement that are told at once; the log has all


class _AskedToStopError(Exception):
    """A signal came while a measurement ran."""


class EvaluationHook(RunHook):
    """Measures every N steps, and once more when the run is done.

    A measurement becomes a line of the log, and is handed to all hooks as mmengine's ``after_val_epoch``. One that a
    signal interrupts is made when the run is resumed.

    Args:
        evaluation: what is measured.
        every: steps between measurements, >= 1; 0: at the end alone.
        stop_after: measurements in a row without a new best, >= 1, after which the run ends; None: it does not.

    Attributes:
        last: the measurement at the end of the run, or None.
    """

    priority = "LOW"  # after the log's line of the step, before the checkpoint that has to know of the best

    def __init__(
        self,
        evaluation: Evaluation,
        *,
        every: int = 0,
        stop_after: int | None = None,
    ) -> None:
        self.evaluation = evaluation
        self.every, self.stop_after = every, stop_after
        self.last: Measurement | None = None
        self._due: int | None = None

    def before_train(self, run: TranslationRunner) -> None:
        """Say what cannot be measured while there is time to mend it; make up for an interrupted measurement."""
        for sentence in reasons_in_words(self.evaluation.prepare()):
            run.reporter.note(sentence)
        if self._due is not None and self._due == run.progress.step:
            self._measure_on_the_way(run)
        self._stop_if_stale(run)

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Measure if it is time; the last step is left to :meth:`finish`."""
        progress = run.progress
        if self.every and progress.step % self.every == 0 and progress.step != progress.steps:
            self._measure_on_the_way(run)
            self._stop_if_stale(run)

    def finish(self, run: TranslationRunner, pause: Callable[[], None]) -> Measurement:
        """Measure the run at its end.

        Args:
            run: whose run is done.
            pause: called after each batch; what it raises ends the measurement.
        """
        self.last = self._measure(run, pause, last=True)
        return self.last

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run has to know."""
        return {**self.evaluation.state_dict(), "due": self._due}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what :meth:`state_dict` returned."""
        self.evaluation.load_state_dict(state)
        self._due = state.get("due")

    def _measure_on_the_way(self, run: TranslationRunner) -> None:
        interruption = run.train_loop.interruption

        def pause() -> None:
            if interruption.requested:
                raise _AskedToStopError

        self._due = run.progress.step
        try:
            found = self._measure(run, pause)
        except _AskedToStopError:  # the loop saves the run and ends it
            return
        if found.metrics:
            run.reporter.note(f"step {run.progress.step}: {in_words(found, self.evaluation.best)}")

    def _measure(self, run: TranslationRunner, pause: Callable[[], None], *, last: bool = False) -> Measurement:
        progress = run.progress
        found = self.evaluation.measure(progress.step, pause)
        self._due = None
        line = {"event": "metrics", "step": progress.step, "epoch": progress.epoch, **found.line()}
        run.log.write({**line, "last": True, "best": self.evaluation.best} if last else line)
        run.call_hook("before_val_epoch")  # mmengine's hooks undo after one what they do before it
        run.call_hook("after_val_epoch", metrics=found.metrics)
        return found

    def _stop_if_stale(self, run: TranslationRunner) -> None:
        loop, waited = run.train_loop, self.evaluation.since_best
        if self.stop_after is None or waited < self.stop_after or loop.progress.step == loop.steps:
            return
        best = self.evaluation.best
        run.reporter.note(
            f"The run ends at step {loop.progress.step} of {loop.steps}: {best['metric']} was best at step "
            f"{best['step']} and has not improved in {waited} measurements since."
        )
        loop.end_early()


def in_words(found: Measurement, best: Mapping[str, Any]) -> str:
    """Return the first numbers of a measurement, and how the best one stands."""
    names = list(dict.fromkeys([*([best["metric"]] if best else []), *found.metrics]))
    numbers = "  ".join(f"{name} {found.metrics[name]:.4g}" for name in names[:SHOWN] if name in found.metrics)
    return f"{numbers}  (best {best['metric']} {best['value']:.4g} at step {best['step']})" if best else numbers
