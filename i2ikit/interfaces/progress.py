"""The progress of a run, and schedules that depend on it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

BLOCKS = "▁▂▃▄▅▆▇█"
COLUMNS = 40  # of a chart
NOTHING = 0.1  # part of a run at a rate of 0 that is worth a warning; CycleGAN's last epoch has it as published


@dataclass(frozen=True)
class Progress:
    """The progress of a run at one training step.

    Attributes:
        epoch: current epoch, from 1.
        step: current step of the run, from 1.
        epochs: length of the run in epochs.
        steps: length of the run in steps.
    """

    epoch: int
    step: int
    epochs: int
    steps: int

    def stretched(self, length: int | None) -> "Progress":
        """Return the progress as schedules see it that were written for a run of ``length`` epochs.

        Epochs are mapped to that length, so that a shorter or longer run goes through the same schedule:
        1 + floor((step - 1) * length / steps). A run of ``length`` epochs is unchanged.

        Args:
            length: of the schedule in epochs, >= 1; None for one that has none: nothing is mapped.
        """
        if not length:
            return self
        return replace(self, epoch=1 + max(0, self.step - 1) * length // self.steps, epochs=length)


class Schedule(Protocol):
    """A number that depends on nothing but progress, so that a resumed run continues with the right one.

    A schedule of the learning rate may have an attribute ``length``, the epochs of the run that it was written for: the
    epochs of all schedules of the run are stretched from that length to the length of the run.
    """

    def __call__(self, progress: Progress) -> float:
        """Return the value at ``progress``."""
        ...


class MeasuredSchedule(ABC):
    """A schedule that also depends on the measurements of the run; its state is saved in checkpoints."""

    @abstractmethod
    def __call__(self, progress: Progress) -> float:
        """Return the value at ``progress``."""

    @abstractmethod
    def observe(self, since_best: int) -> None:
        """Take note of a measurement: how many came since the best one, 0 for a new best."""

    @abstractmethod
    def state_dict(self) -> dict[str, int]:
        """Return what a resumed run needs."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Restore what :meth:`state_dict` returned."""


def schedule_length(schedule: Schedule) -> int | None:
    """Return the epochs of the run that a schedule was written for; None if it fits every length."""
    return getattr(schedule, "length", None)


@dataclass(frozen=True)
class RateCurve:
    """The factor of the learning rate over a run.

    Attributes:
        factors: at evenly spaced steps, the first and the last step included.
        length: of the schedule, as :func:`schedule_length` returns it.
        epochs: of the run.
        constant: whether the schedule is meant to be constant.
    """

    factors: Sequence[float]
    length: int | None
    epochs: int
    constant: bool = False

    def __str__(self) -> str:
        """Return a chart of one line with the first, the highest and the last factor."""
        top = max(self.factors) or 1.0
        bars = "".join(BLOCKS[round(max(0.0, factor) / top * (len(BLOCKS) - 1))] for factor in self.factors)
        first, last = self.factors[0], self.factors[-1]
        stretched = f", schedule of {self.length} epochs, stretched to {self.epochs}" if self.is_stretched else ""
        return f"{bars}  x{first:.3g}, at most x{max(self.factors):.3g}, last x{last:.3g}{stretched}"

    @property
    def is_stretched(self) -> bool:
        """Whether the run has another length than the schedule."""
        return self.length is not None and self.length != self.epochs

    def warning(self) -> str:
        """Return what is wrong with the rate, or an empty string."""
        idle = sum(factor == 0 for factor in self.factors) / len(self.factors)
        if idle > NOTHING:
            return f"the learning rate is 0 in {idle:.0%} of the run: nothing is learned there. Change schedule."
        if not self.constant and len({*self.factors}) == 1:
            return "the learning rate never changes: the run ends before its schedule begins to decay. Change schedule."
        return ""


def rate_curve(schedule: Schedule, steps: int, epochs: int) -> RateCurve:
    """Return the factor of the learning rate over a run of ``steps`` steps in ``epochs`` epochs."""
    length = schedule_length(schedule)
    chosen = sorted({1 + index * (steps - 1) // (COLUMNS - 1) for index in range(COLUMNS)})
    progress = [Progress(1 + (step - 1) * epochs // steps, step, epochs, steps).stretched(length) for step in chosen]
    constant = type(schedule).__name__ == "Constant" or isinstance(schedule, MeasuredSchedule)
    return RateCurve([float(schedule(each)) for each in progress], length, epochs, constant)
