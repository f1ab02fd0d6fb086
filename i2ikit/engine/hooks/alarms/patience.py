"""A thread that notices when something takes too long."""

import threading
from collections.abc import Callable


class Patience(threading.Thread):
    """Calls back once when a wait lasts too long, and sleeps otherwise. It has to be ended.

    Args:
        seconds: > 0, of one wait.
        lost: called, from this thread, with the seconds that the wait has lasted.
    """

    def __init__(self, seconds: float, lost: Callable[[float], None]) -> None:
        super().__init__(name="i2ikit patience", daemon=True)
        self.seconds, self.lost = seconds, lost
        self._ended = threading.Event()
        self._waits = 0  # odd while somebody waits, and another number for each wait

    def wait(self) -> None:
        """Say that a wait begins."""
        self._waits += 1 - self._waits % 2

    def stop_waiting(self) -> None:
        """Say that the wait is over."""
        self._waits += self._waits % 2

    def end(self) -> None:
        """Say that nobody will wait any more; on return the thread has ended, and a call of ``lost`` with it."""
        self._ended.set()
        self.join()

    def run(self) -> None:
        """Look now and then whether the wait is still the same one."""
        waited, last = 0.0, 0
        nap = self.seconds / 4
        while not self._ended.wait(nap):
            now = self._waits
            waited = waited + nap if now % 2 and now == last else 0.0
            last = now
            if waited >= self.seconds:
                self.lost(waited)
                return
