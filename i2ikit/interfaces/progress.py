"""How far a run has come, and what may depend on it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Progress:
    """The place of one training step in its run.

    Attributes:
        epoch: of this step, from 1.
        step: of the whole run, from 1.
        epochs: of the whole run.
        steps: of the whole run.
    """

    epoch: int
    step: int
    epochs: int
    steps: int


class Schedule(Protocol):
    """A number that depends on progress and on nothing else, so that a resumed run goes on with the right one."""

    def __call__(self, progress: Progress) -> float:
        """Return the number for the step at ``progress``."""
        ...
