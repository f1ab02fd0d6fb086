"""The progress of a run, and schedules that depend on it."""

from dataclasses import dataclass
from typing import Protocol


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


class Schedule(Protocol):
    """A number that depends on nothing but progress, so that a resumed run continues with the right one."""

    def __call__(self, progress: Progress) -> float:
        """Return the value at ``progress``."""
        ...
