"""Prepared images in a folder: one file each, shared by all processes and by later runs."""

import atexit
import hashlib
import logging
import os
import shutil
import struct
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from i2ikit.errors import DataError
from i2ikit.files import TEMPORARY, expanded, open_atomically
from i2ikit.ops.pixels import CODES, Pixels

MEMORY = Path("/dev/shm")
KEEP_FREE = 2**30  # bytes of the disk that the cache does not use
STALE = 3600.0  # seconds after which a temporary file is left over from a killed process
ARRAY = "float32"
KINDS = ("L", "RGB", ARRAY, CODES)  # modes of Pillow's images, and arrays (H, W, C)
HEAD = struct.Struct("<4sIIII")  # a mark, the kind, height, width, channels
SUM = struct.Struct("<I")  # CRC-32 of all that follows: a disk may return other bytes than were written
MARK = b"i2px"


class ImageCache:
    """Keeps prepared images in a folder.

    A file appears under its name when it is complete, so a process may be killed at any time, and two processes may
    write the same file. There is no index and no lock: the name is a hash of what the image was made from. Files that
    are no longer used stay; the folder can be deleted at any time. A folder in memory (``/dev/shm/...``) is removed
    when the process that made it ends. The last GiB of the disk stays free.

    Args:
        folder: it is made.

    Raises:
        DataError: the folder cannot be written.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = expanded(folder).absolute()
        self._full = False
        try:
            if MEMORY in self.folder.parents and not self.folder.exists():
                atexit.register(_remove, self.folder, os.getpid())
            self.folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self.folder).close()
            self._sweep()
        except OSError as error:
            raise DataError(
                f"the cache folder {self.folder} cannot be written: {error.strerror or error}. Name another one: "
                "`--set data.cache_dir=DIR`."
            ) from error

    def __call__(self, path: str | Path, key: str, make: Callable[[], Pixels]) -> Pixels:
        """Return the image that was made from a file under a key; make and keep it if it is new.

        Args:
            path: of the file.
            key: names everything but the file that the image depends on.
            make: returns the image.
        """
        try:
            name = identity(path, key).hex()
        except OSError:
            return make()  # its error names the file
        kept = self.folder / name[:2] / name[2:]
        found = _read(kept)
        if found is None:
            found = make()
            self._write(kept, found)
        return found

    def _write(self, path: Path, image: Pixels) -> None:
        record = _pack(image)
        if record is None or self._full:
            return
        try:
            if shutil.disk_usage(self.folder).free < KEEP_FREE + len(record):
                raise OSError("the disk is nearly full")
            path.parent.mkdir(exist_ok=True)
            with open_atomically(path) as file:
                file.write(record)
        except OSError as error:
            self._full = True
            logging.getLogger(__name__).warning("the cache in %s takes no more images: %s", self.folder, error)

    def _sweep(self) -> None:
        """Remove the temporary files of killed processes."""
        for path in self.folder.glob(f"*/.*{TEMPORARY}"):
            try:
                if time.time() - path.stat().st_mtime > STALE:
                    path.unlink()
            except FileNotFoundError:  # another process was faster
                continue


def identity(path: str | Path, key: str) -> bytes:
    """Return 16 bytes that name a file as it is now together with what is made from it.

    A file is identified by its name, size, time of change and inode, not by its content: hashing the content would
    mean reading it, which the cache avoids. Writing a file changes its time; replacing it changes its inode.

    Args:
        path: of a file that exists.
        key: names everything else that the pixels depend on.

    Raises:
        OSError: there is no such file.
    """
    found = os.stat(path)
    parts = (os.path.basename(path), found.st_size, found.st_mtime_ns, found.st_ino, key)
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogateescape"), digest_size=16).digest()


def _pack(image: Pixels) -> bytes | None:
    """Return an image as one piece of bytes; None for one that cannot be kept exactly."""
    array = np.ascontiguousarray(image)
    kind = ARRAY if isinstance(image, np.ndarray) else image.mode
    if kind not in KINDS or (kind == ARRAY and array.dtype != np.float32):
        return None
    height, width, channels = np.atleast_3d(array).shape
    record = HEAD.pack(MARK, KINDS.index(kind), height, width, channels) + array.tobytes()
    return SUM.pack(zlib.crc32(record)) + record


def _read(path: Path) -> Pixels | None:
    """Return an image that was packed into a file; None if the file is missing or damaged."""
    try:
        content = memoryview(path.read_bytes())
        record = content[SUM.size :]
        if SUM.unpack_from(content)[0] != zlib.crc32(record):
            return None
        mark, kind, height, width, channels = HEAD.unpack_from(record)
        if mark != MARK or kind >= len(KINDS):
            return None
        if KINDS[kind] == ARRAY:
            return np.frombuffer(record, np.float32, offset=HEAD.size).reshape(height, width, channels).copy()
        return Image.frombytes(KINDS[kind], (width, height), record[HEAD.size :])
    except (OSError, ValueError, struct.error):
        return None


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:  # forked workers inherit the exit handler
        shutil.rmtree(folder, ignore_errors=True)
