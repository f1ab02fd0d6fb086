"""What an alarm is."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from mmengine.hooks import Hook
from mmengine.runner import Runner

from i2ikit.data.loading import MapDataset
from i2ikit.distributed import processes
from i2ikit.engine.hooks.alarms.watch import Watch


class Alarm(Hook):
    """Rings once in a run, over all its interruptions: whoever resumes has been told.

    A subclass overrides hooks of mmengine, calls :meth:`ring` in them when it has seen enough, and has its advice.
    An alarm that rings changes nothing in the run. Until it is attached to a watch an alarm is silent.

    Attributes:
        advice: what people do about it, one or two sentences.
        name: in the config's ``alarms``; for the message, the log and the checkpoint.
        rung: whether it has rung.
    """

    priority = "LOW"  # after the log's line, before the checkpoint, which keeps the state
    advice: ClassVar[str] = ""

    def __init__(self) -> None:
        self.name = type(self).__name__
        self.rung = False
        self.watch: Watch | None = None

    def attach(self, watch: Watch) -> None:
        """Give the alarm its eyes and its voice."""
        self.watch = watch

    @property
    def silent(self) -> bool:
        """Whether there is nothing more to look for."""
        return self.rung or self.watch is None

    def ring(self, runner: Runner, seen: str) -> None:
        """Tell the user and the log, unless that has been done.

        Args:
            runner: of the run.
            seen: what was seen, with its numbers and the threshold, without a full stop.
        """
        if self.silent:
            return
        assert self.watch is not None, "a silent alarm does not get here"
        self.rung = True
        step = runner.train_loop.progress.step
        off = f"Switch this alarm off: --set alarms.{self.name}=none. All alarms: docs/alarms.md."
        self.watch.note(f"Alarm {self.name!r} at step {step}: {seen}. {self.advice} {off}")
        self.watch.write({"event": "alarm", "step": step, "alarm": self.name, "seen": seen})

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run has to know."""
        return {"rung": self.rung}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take it back."""
        self.rung = bool(state["rung"])


def attach_alarms(
    hooks: Iterable[Hook],
    note: Callable[[str], None],
    write: Callable[[Mapping[str, Any]], None],
    dataset: MapDataset,
    *,
    seed: int,
) -> None:
    """Give the alarms among these hooks one watch, in the process that speaks; arguments as for :class:`Watch`."""
    if processes.rank() == 0:
        watch = Watch(note, write, dataset, seed=seed)
        for hook in hooks:
            if isinstance(hook, Alarm):
                hook.attach(watch)
