"""A signal ends a run after the current step, with its state saved; a second one ends it at once."""

import os
import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any

from i2ikit.data.workers import SIGNALS
from i2ikit.errors import RunError

ECHO = 1.0  # seconds in which another signal is the same request: launchers forward what the group gets too


class RunInterruptedError(RunError):
    """A run was interrupted and has saved its state."""

    exit_code = 130


class Interruption:
    """Handles the signals while it is entered, in the main thread; elsewhere it does nothing.

    A signal more than ``ECHO`` seconds after the first raises KeyboardInterrupt.

    Attributes:
        requested: name of the first signal, or empty.
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
        if os.getpid() != self._process:
            self._handle_in_worker(number)
        elif not self.requested:
            self.requested, self._since = signal.Signals(number).name, time.monotonic()
        elif time.monotonic() - self._since > ECHO:
            raise KeyboardInterrupt

    @staticmethod
    def _handle_in_worker(number: int) -> None:
        """In a forked worker of the loader: SIGTERM ends it, the other signals are for the main process."""
        if number == signal.SIGTERM:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
