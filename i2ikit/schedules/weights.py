"""Values by epoch, for the weights of terms: constant, one change, or a straight line between two epochs."""

from i2ikit.checks import not_negative_int, positive_int
from i2ikit.interfaces.progress import Progress
from i2ikit.registry import SCHEDULES


@SCHEDULES.register_module()
class Constant:
    """The same value at every step.

    Args:
        value: any number; a learning-rate factor of 1 leaves the rate as the optimizer has it.
    Example:
        >>> from i2ikit.interfaces.progress import Progress
        >>> Constant(0.5)(Progress(epoch=3, step=3, epochs=4, steps=4))
        0.5
    """

    def __init__(self, value: float = 1.0) -> None:
        self.value = value

    def __call__(self, progress: Progress) -> float:
        """Return the value for the step at ``progress``."""
        return self.value


@SCHEDULES.register_module()
class Until:
    """``value`` in the epochs 1..epoch, ``then`` in all later epochs.

    Args:
        epoch: the last one that has ``value``, >= 0.
        value, then: any numbers; a weight of 0 takes a term out of the step, so a value of 0 lets it begin late.

    Raises:
        ValueError: ``epoch`` is negative or not an integer.
    Example:
        >>> from i2ikit.interfaces.progress import Progress
        >>> [Until(2, 10.0)(Progress(epoch=e, step=e, epochs=4, steps=4)) for e in (1, 2, 3)]
        [10.0, 10.0, 0.0]
    """

    def __init__(self, epoch: int, value: float, then: float = 0.0) -> None:
        self.epoch, self.value, self.then = not_negative_int("epoch", epoch), value, then

    def __call__(self, progress: Progress) -> float:
        """Return the value for the step at ``progress``."""
        return self.value if progress.epoch <= self.epoch else self.then


@SCHEDULES.register_module()
class Linear:
    """``start`` up to epoch ``first``, a straight line over the epochs, ``end`` from epoch ``last`` on.

    Args:
        start, end: any numbers.
        first, last: epochs from 1, first < last.

    Raises:
        ValueError: an epoch is below 1 or not an integer, or ``last`` does not come after ``first``.
    Example:
        >>> from i2ikit.interfaces.progress import Progress
        >>> [Linear(50, 10, first=1, last=3)(Progress(epoch=e, step=e, epochs=4, steps=4)) for e in (1, 2, 3, 4)]
        [50.0, 30.0, 10.0, 10.0]
    """

    def __init__(self, start: float, end: float, first: int, last: int) -> None:
        self.start, self.end = start, end
        self.first, self.last = positive_int("first", first), positive_int("last", last)
        if last <= first:
            raise ValueError(f"last must come after first = {first}, but is {last}")

    def __call__(self, progress: Progress) -> float:
        """Return the value for the step at ``progress``."""
        way = (progress.epoch - self.first) / (self.last - self.first)
        return self.start + (self.end - self.start) * min(1.0, max(0.0, way))
