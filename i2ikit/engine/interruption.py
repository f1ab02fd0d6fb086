"""Signals end a run after its step, not in the middle of a file; a second one ends it at once."""

import os
import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any

from i2ikit.errors import RunError

SIGNALS = tuple(  # Slurm's USR1 before the time is over, and Windows, which has none
    number for name in ("SIGINT", "SIGTERM", "SIGUSR1") if (number := getattr(signal, name, None)) is not None
)
ECHO = 1.0  # seconds in which another signal is the same request: launchers pass a Ctrl-C on as SIGTERM


class RunInterruptedError(RunError):
    """A run was asked to end early and saved its state."""

    exit_code = 130


class Interruption:
    """Listens for the signals while it is entered (in the main thread; elsewhere it hears nothing).

    The second signal raises KeyboardInterrupt, unless it is another one than the first and comes with it.

    Attributes:
        requested: the name of the first signal that came, or empty.
    """

    def __init__(self) -> None:
        self.requested = ""
        self._process = os.getpid()
        self._since = 0.0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _note(self, number: int, frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if os.getpid() != self._process:
            self._obey_as_worker(number)
        elif not self.requested:
            self.requested, self._since = name, time.monotonic()
        elif name == self.requested or time.monotonic() - self._since > ECHO:
            raise KeyboardInterrupt

    @staticmethod
    def _obey_as_worker(number: int) -> None:
        """In a forked worker of the loader: a request to end is obeyed, the others are for the main process."""
        if number == signal.SIGTERM:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
