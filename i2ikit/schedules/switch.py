"""Numbers that change once, between two epochs: for the weights of terms."""

from i2ikit.checks import not_negative_int
from i2ikit.interfaces.progress import Progress
from i2ikit.registry import SCHEDULES


class Switch:
    """One number in the epochs 1..epoch, another one in all later ones."""

    def __init__(self, epoch: int, early: float, late: float) -> None:
        self.epoch, self.early, self.late = not_negative_int("epoch", epoch), early, late

    def __call__(self, progress: Progress) -> float:
        """Return the number for the step at ``progress``."""
        return self.early if progress.epoch <= self.epoch else self.late


@SCHEDULES.register_module()
class Until(Switch):
    """``value`` in the epochs 1..epoch, ``then`` in all later ones.

    Args:
        epoch: the last one that has ``value``, >= 0.
        value: any number.
        then: any number; a weight of 0 takes a term out of the step.

    Raises:
        ValueError: ``epoch`` is negative or not whole.
    """

    def __init__(self, epoch: int, value: float, then: float = 0.0) -> None:
        super().__init__(epoch, value, then)


@SCHEDULES.register_module()
class After(Switch):
    """``before`` in the epochs 1..epoch, ``value`` in all later ones.

    Args:
        epoch: the last one that has ``before``, >= 0.
        value: any number.
        before: any number; a weight of 0 takes a term out of the step.

    Raises:
        ValueError: ``epoch`` is negative or not whole.
    """

    def __init__(self, epoch: int, value: float, before: float = 0.0) -> None:
        super().__init__(epoch, before, value)
