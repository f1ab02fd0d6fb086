"""A straight line between two epochs: for the weights of terms."""

from i2ikit.checks import positive_int
from i2ikit.interfaces.progress import Progress
from i2ikit.registry import SCHEDULES


@SCHEDULES.register_module()
class Linear:
    """``start`` up to epoch ``first``, a straight line over the epochs, ``end`` from epoch ``last`` on.

    Args:
        start, end: any numbers.
        first, last: epochs from 1, first < last.

    Raises:
        ValueError: an epoch is below 1 or not whole, or ``last`` does not come after ``first``.
    """

    def __init__(self, start: float, end: float, first: int, last: int) -> None:
        self.start, self.end = start, end
        self.first, self.last = positive_int("first", first), positive_int("last", last)
        if last <= first:
            raise ValueError(f"last must come after first = {first}, but is {last}")

    def __call__(self, progress: Progress) -> float:
        """Return the number for the step at ``progress``."""
        way = (progress.epoch - self.first) / (self.last - self.first)
        return self.start + (self.end - self.start) * min(1.0, max(0.0, way))
