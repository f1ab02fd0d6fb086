"""Data-loading workers and signals: they leave those of the user to the main process, which learns of their deaths."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from types import FrameType

SIGNALS = tuple(  # a run handles them; Slurm sends USR1 before the time is over; Windows has none
    number for name in ("SIGINT", "SIGTERM", "SIGUSR1") if (number := getattr(signal, name, None)) is not None
)
CHILD_ENDED = getattr(signal, "SIGCHLD", None)


@contextmanager
def signals_held() -> Iterator[None]:
    """Hold the signals back until the block ends; processes that it starts hold them until they release them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave_signals_to_main(ending: Event, worker: int) -> None:
    """Ignore the signals in a worker: Slurm and others send them to all processes, and the main one saves the run.

    Args:
        ending: set when the main process needs its workers no more; SIGTERM, by which torch ends a worker that hangs,
            then ends it.
        worker: its number.
    """
    parent = os.getppid()

    def end(number: int, frame: FrameType | None) -> None:
        if os.getppid() != parent or ending.is_set():
            os._exit(0)

    for number in SIGNALS:
        signal.signal(number, end if number == signal.SIGTERM else signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


class DeadWorkers:
    """Raises torch's error about a dead worker only while a batch is read.

    torch raises it from its handler of SIGCHLD: in the middle of an update, or of writing a checkpoint.
    """

    def __init__(self) -> None:
        self._check: Callable[[int, FrameType | None], None] | None = None
        self._reading = False

    def watch(self) -> None:
        """Take the place of torch's handler, if it has been set."""
        handler = signal.getsignal(CHILD_ENDED) if CHILD_ENDED is not None else None
        if callable(handler) and getattr(handler, "__module__", "").startswith("torch."):
            self._check = handler
            signal.signal(signal.SIGCHLD, self._note)

    @contextmanager
    def raised(self) -> Iterator[None]:
        """Let the error about a worker that has died, or dies in the block, be raised."""
        self._reading = True
        try:
            if self._check is not None:
                self._check(signal.SIGCHLD, None)
            yield
        finally:
            self._reading = False

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._reading and self._check is not None:
            self._check(number, frame)


dead_workers = DeadWorkers()  # one for the process, as the handler is
