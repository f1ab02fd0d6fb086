"""Measures metrics on held-out images during a run and at its end; ends a run that no longer improves."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import not_negative_int
from i2ikit.config.data import dataset_config
from i2ikit.engine.assemble import Parts
from i2ikit.engine.hooks.base import RunHook
from i2ikit.engine.log import logged_measurement
from i2ikit.engine.reporter import format_missing
from i2ikit.engine.runner import TranslationRunner
from i2ikit.errors import nearest_hint
from i2ikit.evaluation.evaluator import Evaluator
from i2ikit.evaluation.measure import Measurement
from i2ikit.interfaces.progress import MeasuredSchedule

SHOWN = 4  # values of a measurement that are reported at once; the log has all


class _InterruptedError(Exception):
    """A signal came during a measurement."""


class EvaluationHook(RunHook):
    """Measures every N steps, and once more at the end of the run.

    A measurement is passed to the ``after_val_epoch`` of all hooks and then written to the log: one in the log is
    complete, with its ``best.pt``. A run that ended between its checkpoint and its measurement, or in it, measures when
    it is resumed; one that is in the log already is taken from there.

    Args:
        evaluator: of the run.
        every: steps between measurements, >= 1; 0: only at the end.
        stop_after: measurements in a row without a new best, >= 1, after which the run ends; None: never.
        schedule: of the learning rate, if it depends on the measurements.
        again: the measurements in the log are of other data or metrics.
    """

    priority = "VERY_LOW"  # after the checkpoint: it reads test data

    def __init__(
        self,
        evaluator: Evaluator,
        *,
        every: int = 0,
        stop_after: int | None = None,
        schedule: MeasuredSchedule | None = None,
        again: bool = False,
    ) -> None:
        self.evaluator, self.again = evaluator, again
        self.every, self.stop_after, self.schedule = every, stop_after, schedule
        self._measured = 0  # the step of the last measurement
        self._checked = False

    def before_train(self, run: TranslationRunner) -> None:
        """Report metrics that cannot be measured, and make the measurement that the resumed run still owes."""
        for sentence in format_missing(self.evaluator.prepare()):
            run.reporter.note(sentence)
        step = run.progress.step
        if self._is_due(run) and self._measured != step:
            found = None if self.again else _logged(run)
            if found is None:
                self._measure_during_run(run)
            else:
                self.evaluator.update_best(step, found)
                self._announce(run, found)
        self._stop_if_stale(run)

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Measure every N steps, except after the last one, which :meth:`finish` measures."""
        if self._is_due(run):
            self._measure_during_run(run)
            self._stop_if_stale(run)

    def finish(self, run: TranslationRunner, pause: Callable[[], None]) -> Measurement:
        """Measure the run at its end, unless its last measurement has ended it.

        Args:
            run: of the finished run.
            pause: called after each batch; an exception that it raises ends the measurement.
        """
        logged = self._measured == run.progress.step and not self.again
        return (_logged(run, last=True) if logged else None) or self._measure(run, pause, last=True)

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run needs."""
        state = {**self.evaluator.state_dict(), "measured": self._measured}
        return state if self.schedule is None else {**state, "schedule": self.schedule.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.evaluator.load_state_dict(state)
        self._measured = not_negative_int("measured", state["measured"])
        if self.schedule is not None and "schedule" in state:
            self.schedule.load_state_dict(state["schedule"])

    def _is_due(self, run: TranslationRunner) -> bool:
        step = run.progress.step
        return bool(self.every and step) and step % self.every == 0 and step != run.progress.steps

    def _measure_during_run(self, run: TranslationRunner) -> None:
        interruption = run.train_loop.interruption

        def pause() -> None:
            if interruption.requested:
                raise _InterruptedError

        try:
            found = self._measure(run, pause)
        except _InterruptedError:  # the loop saves the run and ends it
            return
        if found.metrics:
            run.reporter.note(f"step {run.progress.step}: {format_measurement(found, self.evaluator.best)}")

    def _measure(self, run: TranslationRunner, pause: Callable[[], None], *, last: bool = False) -> Measurement:
        progress = run.progress
        found = self.evaluator.measure(progress.step, pause)
        self._check_metric(run, found)
        self._announce(run, found)
        line = {"event": "metrics", "step": progress.step, "epoch": progress.epoch, **vars(found)}
        ends = last or self._is_stale()
        run.log.write({**line, "last": True, "best": self.evaluator.best} if ends else line)
        return found

    def _announce(self, run: TranslationRunner, found: Measurement) -> None:
        """Pass a measurement to the schedule and to the hooks that act on it; one of them keeps the best checkpoint."""
        self._measured = run.progress.step
        if self.schedule is not None:
            self.schedule.observe(self.evaluator.since_best)
        run.call_hook("before_val_epoch")  # mmengine's hooks undo after one what they do before it
        run.call_hook("after_val_epoch", metrics=found.metrics)

    def _check_metric(self, run: TranslationRunner, found: Measurement) -> None:
        """Report once that the value that decides is none of those that its metric has."""
        name = self.evaluator.metric
        if self._checked or name is None or name in found.metrics:
            return
        if any(name == missing or name.startswith(f"{missing}.") for missing in found.missing):
            return  # its reason is shown
        self._checked = True
        hint = nearest_hint(name, found.metrics) or f" Measured are {', '.join(found.metrics)}."
        run.reporter.note(f"No best measurement and no best checkpoint: nothing measures {name!r}.{hint}")

    def _is_stale(self) -> bool:
        return self.stop_after is not None and self.evaluator.since_best >= self.stop_after

    def _stop_if_stale(self, run: TranslationRunner) -> None:
        loop, waited = run.train_loop, self.evaluator.since_best
        if not self._is_stale() or loop.progress.step == loop.steps:
            return
        best = self.evaluator.best
        run.reporter.note(
            f"The run ends at step {loop.progress.step} of {loop.steps}: {best['metric']} was best at step "
            f"{best['step']} and has not improved in {waited} measurements since."
        )
        loop.end_early()


def _logged(run: TranslationRunner, *, last: bool = False) -> Measurement | None:
    """Return the measurement after the current step from the log, or None."""
    line = logged_measurement(run.folder.log, run.progress.step, last=last)
    return None if line is None else Measurement(**{name: line[name] for name in Measurement.__dataclass_fields__})


def make_evaluation_hook(
    config: Mapping[str, Any], parts: Parts, device: torch.device, *, again: bool = False
) -> EvaluationHook | None:
    """Return the hook that measures a run, or None for a config without metrics or test data.

    Args:
        config: resolved, with defaults.
        parts: of the run, the model on ``device``.
        device: of the run.
        again: as for the hook.
    """
    if parts.test_data is None or not parts.metrics:
        return None
    keys = dict(config["evaluation"])
    when = {key: keys.pop(key, None) for key in ("every", "stop_after")}
    about = {"data": dataset_config(config["data"], "test")}
    evaluator = Evaluator(
        parts.model, parts.test_data, parts.metrics, device=device, seed=config["seed"], about=about, **keys
    )
    schedule = parts.schedule if isinstance(parts.schedule, MeasuredSchedule) else None
    return EvaluationHook(evaluator, **when, schedule=schedule, again=again)


def format_measurement(found: Measurement, best: Mapping[str, Any]) -> str:
    """Return the first values of a measurement, and the best value so far."""
    names = list(dict.fromkeys([*([best["metric"]] if best else []), *found.metrics]))
    values = "  ".join(f"{name} {found.metrics[name]:.4g}" for name in names[:SHOWN] if name in found.metrics)
    return f"{values}  (best {best['metric']} {best['value']:.4g} at step {best['step']})" if best else values
