"""The base of all alarms."""

from typing import Any, ClassVar

from i2ikit.engine.hooks.base import RunHook
from i2ikit.engine.runner import TranslationRunner


class Alarm(RunHook):
    """Reports a failure once in a run, also if the run is resumed.

    A subclass overrides ``after_step`` or another method of mmengine's hooks, calls :meth:`trigger` in it, and has its
    advice. An alarm changes nothing in the run.

    Attributes:
        advice: common remedies, one or two sentences.
        name: key in the config's ``alarms``; for the message, the log and the checkpoint.
        triggered: whether it has been triggered.
    """

    priority = "LOW"  # after the log's line, before the checkpoint, which holds the state
    advice: ClassVar[str] = ""

    def __init__(self) -> None:
        self.name = type(self).__name__
        self.triggered = False

    def trigger(self, run: TranslationRunner, finding: str) -> None:
        """Report the failure to the user and the log, unless that has been done.

        Args:
            run: to report in.
            finding: what was found, with its values and the threshold, without a full stop.
        """
        if self.triggered:
            return
        self.triggered = True
        step = run.progress.step
        off = f"Switch this alarm off: --set alarms.{self.name}=none. All alarms: docs/alarms.md."
        run.reporter.note(f"Alarm {self.name!r} at step {step}: {finding}. {self.advice} {off}")
        run.log.write({"event": "alarm", "step": step, "alarm": self.name, "finding": finding})

    def state_dict(self) -> dict[str, Any]:
        """Return the state for the checkpoint."""
        return {"triggered": self.triggered}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.triggered = bool(state["triggered"])
