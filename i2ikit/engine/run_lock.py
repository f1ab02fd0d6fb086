"""One run in a folder at a time: a lock that is released when its process ends, however it ends."""

import os
import socket
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from weakref import WeakSet

from i2ikit.files import lock_file
from i2ikit.work_dir import WorkDirError

NAME = ".lock"


class RunLock:
    """Keeps a second run out of a folder until it is released, or its process has ended. The file stays.

    Forked workers, which may outlive a killed run for a moment, do not hold it. If the file system has no locks, or the
    file cannot be written, the lock does nothing.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file: int | None = None
        self._signed = False

    def take(self) -> None:
        """Take the lock, unless this object has it already; the folder exists.

        Raises:
            WorkDirError: another run has it.
        """
        if self._file is not None:
            return
        try:
            file = os.open(self.folder / NAME, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        except OSError:  # reported by the next write
            return
        try:
            lock_file(file)
        except BlockingIOError:
            holder = os.read(file, 200).decode(errors="replace").strip()
            os.close(file)
            raise WorkDirError(
                f"another run is writing to {self.folder}{f' ({holder})' if holder else ''}. Wait for it, stop it, or "
                "choose another folder: --work-dir DIR."
            ) from None
        except OSError:
            os.close(file)
            return
        self._file = file
        _held.add(self)

    def sign(self) -> None:
        """Write the process that has the lock into its file, for the error message of other runs."""
        if self._file is not None:
            self._signed = True
            self._write(f"process {os.getpid()} on {socket.gethostname()}\n")

    def release(self) -> None:
        """Release the lock."""
        if self._file is not None:
            if self._signed:
                self._write("")
            self._close()

    def _write(self, text: str) -> None:
        assert self._file is not None, "the lock is taken"
        with suppress(OSError):
            os.ftruncate(self._file, 0)
            os.lseek(self._file, 0, os.SEEK_SET)
            os.write(self._file, text.encode())

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> "RunLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


_held: WeakSet[RunLock] = WeakSet()


def _leave_to_parent() -> None:
    """In a forked child: close its copies, which would hold the locks after the parent has ended."""
    for lock in list(_held):
        lock._close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
