"""One run in a folder at a time: a lock that ends with its process, however that ends."""

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from weakref import WeakSet

from i2ikit.work_dir import WorkDirError

NAME = ".lock"
FAR = 2**20  # the byte that Windows locks, beyond the text


class RunLock:
    """Keeps a second run out of a folder until it is left, or its process has ended. The file stays.

    Forked workers, which may live a little longer than a killed run, do not hold it. Where a file system knows no
    locks, or the file cannot be written, nobody is kept out.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file: int | None = None
        self._signed = False

    def take(self) -> None:
        """Take the lock, unless it is taken already by this object; the folder is there.

        Raises:
            WorkDirError: another run has it.
        """
        if self._file is not None:
            return
        try:
            file = os.open(self.folder / NAME, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError:  # whoever writes there next says so
            return
        try:
            _lock(file)
        except BlockingIOError:
            holder = os.read(file, 200).decode(errors="replace").strip()
            os.close(file)
            raise WorkDirError(
                f"another run is writing to {self.folder}{f' ({holder})' if holder else ''}. Let it end, or end it; or "
                "choose another folder: --work-dir DIR."
            ) from None
        except OSError:
            os.close(file)
            return
        self._file = file
        _held.add(self)

    def sign(self) -> None:
        """Write down who has the lock, for those who are kept out; until then the folder is as it was."""
        if self._file is not None:
            self._signed = True
            self._write(f"process {os.getpid()} on {socket.gethostname()}\n")

    def release(self) -> None:
        """Let others in."""
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
    """In a forked child: close its copies, which would keep the locks when the parent is gone."""
    for lock in list(_held):
        lock._close()


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        """Lock an open file, or raise BlockingIOError."""
        os.lseek(file, FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error
        finally:
            os.lseek(file, 0, os.SEEK_SET)
else:
    import fcntl

    os.register_at_fork(after_in_child=_leave_to_parent)

    def _lock(file: int) -> None:
        """Lock an open file, or raise BlockingIOError."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
