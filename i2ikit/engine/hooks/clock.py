"""The time that a run has taken, its interruptions left out."""

import time


class Clock:
    """Counts seconds from its making on.

    Args:
        before: seconds that the run took before it was resumed.
    """

    def __init__(self, before: float = 0.0) -> None:
        self._zero = time.monotonic() - before

    def seconds(self) -> float:
        """Return the seconds of the run so far."""
        return time.monotonic() - self._zero
