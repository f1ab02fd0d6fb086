"""Files on disk: atomic writes, JSON, hashes, and the user's cache folder."""

import errno
import hashlib
import json
import logging
import os
import platform
import re
import secrets
import shutil
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import platformdirs

from i2ikit.errors import I2IKitError, RunError, nearest_hint

TEMPORARY = ".tmp"  # extension of a file or folder that is still being written
LEFTOVER = re.compile(rf"\.(?P<machine>[0-9a-f]{{8}})-(?P<process>[0-9]+)-[0-9a-f]{{16}}{re.escape(TEMPORARY)}")
CACHE_VARIABLE = "I2IKIT_CACHE"
BLOCK = 2**20  # bytes
FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota of the disk is used up",
    errno.EFBIG: "the file would exceed the limit on the size of files (`ulimit -f`)",
}
UNUSABLE = {  # what can be wrong with a path that the user gives
    errno.ENOENT: "it does not exist",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the disk is read-only",
    errno.EEXIST: "something else of this name is there",
    errno.ENOTDIR: "a file stands where a folder is needed",
    errno.EISDIR: "it is a folder",
    errno.ENOTEMPTY: "the folder is not empty",
    errno.ENAMETOOLONG: "the name is too long for the disk",
    errno.ELOOP: "it is a link to itself, or one of a circle of links",
    errno.ENXIO: "it is a socket, or a pipe or a device that nothing reads",
}
MOST_SHOWN = 200  # characters of a path in a message
FAR = 2**20  # the byte of a lock file that Windows locks, beyond the text
WAIT = 0.1  # seconds between two tries to lock a file


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return a path with its ``~`` or ``~user`` replaced by that home folder, as a shell does it.

    It stays where there is no such user.
    """
    return Path(os.path.expanduser(path))


def nearest_beside(path: Path) -> str:
    """Return a hint at what is in the folder of a missing path under the most similar names, or an empty string."""
    try:
        return nearest_hint(path.name, [each.name for each in path.parent.iterdir()])
    except OSError:
        return ""


@contextmanager
def open_atomically(path: Path, *, sync: bool = False) -> Iterator[BinaryIO]:
    """Open a binary file for writing that appears at ``path`` only when the block ends without an error.

    The content goes to a hidden file in the same folder, which is renamed at the end and removed after an error. A
    reader never sees an incomplete file, and what was at ``path`` before an error is unchanged.

    Args:
        path: the file; its folder exists.
        sync: wait until file and folder are on disk, so that the file survives a power cut.

    Raises:
        OSError: the file cannot be written.
    """
    temporary = temporary_path(path)
    try:  # the opening too: an interrupt can arrive at its end
        with temporary.open("xb") as file:  # x: never through a link that somebody put there
            yield file
            if sync:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
        if sync:
            _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write a small file as :func:`open_atomically` does; text becomes UTF-8."""
    with open_atomically(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def folder_atomically(folder: Path) -> Iterator[Path]:
    """Yield a new temporary folder that becomes ``folder`` when the block ends without an error.

    Args:
        folder: new or empty; the folders above it are made.

    Raises:
        OSError: the folder cannot be written, or holds files.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_path(folder)
    try:
        temporary.mkdir()
        yield temporary
        temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Run the block in one process at a time, by a lock file; the others wait.

    The file is removed at the end; a process that ends, however it ends, holds no lock. Where the file system has no
    locks, or the file cannot be written, all run at once.

    Args:
        lock: the file; it names what is worked on.
    """
    file = _wait_for(lock)
    try:
        yield
    finally:
        if file is not None:
            with suppress(OSError):  # Windows removes no open file
                lock.unlink()
            os.close(file)


def _wait_for(lock: Path) -> int | None:
    """Return the locked file, open; None if it cannot be locked."""
    told = False
    while True:
        try:
            file = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        except OSError:  # reported by the next write
            return None
        try:
            lock_file(file)
            if lock.exists() and os.path.samestat(os.fstat(file), lock.stat()):
                return file  # else the process that had it has removed it
        except BlockingIOError:
            if not told:
                logging.getLogger(__name__).warning("waiting for another process, which holds %s", lock)
            told = True
            time.sleep(WAIT)
        except OSError:
            os.close(file)
            return None
        os.close(file)


def temporary_path(path: Path) -> Path:
    """Return a new hidden path in the folder of ``path``; its name is short, whatever the length of the other name."""
    temporary = path.with_name(f".{_machine()}-{os.getpid()}-{secrets.token_hex(8)}{TEMPORARY}")
    if os.path.lexists(temporary):  # somebody guessed it; the caller removes what is there
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(temporary))
    return temporary


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of processes of this machine that were killed while they wrote into a folder."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            owner = LEFTOVER.fullmatch(entry.name)
            if owner and owner["machine"] == _machine() and not _runs(int(owner["process"])):
                with suppress(OSError):
                    os.unlink(entry.path)


def _machine() -> str:
    return f"{zlib.crc32(platform.node().encode()):08x}"


def _runs(process: int) -> bool:
    """Return whether there is a process of that number."""
    if os.name != "posix":  # asking would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def describe_os_error(error: OSError) -> str:
    """Return the reason of an error of the system in the user's words."""
    return (FULL | UNUSABLE).get(error.errno or 0) or str(error)


def cannot_write(what: str | Path, error: OSError, next_step: str = "") -> I2IKitError:
    """Return the error for something that cannot be written: the user's where the path is unusable, else the run's.

    Args:
        what: a path, or words and a path.
        error: of the system.
        next_step: a sentence.
    """
    kind = I2IKitError if error.errno in UNUSABLE else RunError
    return kind(f"cannot write {what}: {describe_os_error(error)}. {next_step}".rstrip())


def unusable_path(error: Exception) -> str:
    """Return ``PATH: what is wrong with it`` for an error that a path of the user's causes, else an empty string."""
    if isinstance(error, RuntimeError) and str(error).startswith("Symlink loop from "):  # pathlib before Python 3.13
        error = OSError(errno.ELOOP, "", str(error).removeprefix("Symlink loop from ").strip("'"))
    if isinstance(error, ValueError) and str(error).startswith("embedded null "):
        return "a path has a null character, which no file has in its name"
    if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
        return f"{error.object[:MOST_SHOWN]!a} has characters that are no text"
    if not isinstance(error, OSError) or error.errno not in UNUSABLE or error.filename is None:
        return ""
    name = str(error.filename)
    return f"{name[:MOST_SHOWN] + '...' * (len(name) > MOST_SHOWN)}: {UNUSABLE[error.errno]}"


def read_json(path: Path) -> Any:
    """Return the content of a JSON file, or None if the file is missing or damaged."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def read_json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON Lines file; skip incomplete lines, such as one that is being written.

    A missing file has no lines.
    """
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(found, dict):
                yield found


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def user_cache(kind: str) -> Path:
    """Return the user's cache folder for one kind of data, such as ``"features"``; it may not exist yet.

    It is ``$I2IKIT_CACHE/KIND`` if the variable is set, else ``i2ikit/KIND`` in the cache folder of the platform.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    root = expanded(chosen) if chosen else platformdirs.user_cache_path("i2ikit", appauthor=False)
    return root / kind


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # other systems do not sync folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def lock_file(file: int) -> None:
        """Lock an open file until it is closed, or raise BlockingIOError if another process has locked it."""
        os.lseek(file, FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error
        finally:
            os.lseek(file, 0, os.SEEK_SET)
else:
    import fcntl

    def lock_file(file: int) -> None:
        """Lock an open file until it is closed, or raise BlockingIOError if another process has locked it."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
