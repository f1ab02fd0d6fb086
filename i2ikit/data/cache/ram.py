"""Prepared images in memory that a process shares with the workers it starts."""

import mmap
import multiprocessing
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from i2ikit.data.cache.records import identity, pack, unpack
from i2ikit.ops.pixels import Pixels

ENTRY = struct.Struct("<16sQQ")  # identity, place, length
STATE = struct.Struct("<QQ")  # entries, bytes in use
SMALLEST = 1024  # bytes of an image, on average, for which there are entries enough


def half_of_free_memory() -> int:
    """Return half of the bytes of memory that nobody uses now."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        try:
            free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
        except (AttributeError, ValueError, OSError):
            free = 2**31  # Windows does not say
    return free // 2


class RamCache:
    """Keeps prepared images in memory until the run ends.

    Workers that are forked share one memory with the process that made the cache, whoever prepares an image. Where
    workers are started anew instead (Windows, macOS), each has a cache of its own, of its share of the size.

    Args:
        size: bytes, >= 1; memory is taken as it is filled. What comes later than it is full is not kept.
        sharers: processes among which the size is divided where they cannot share it, >= 1.
    """

    def __init__(self, size: int, sharers: int = 1) -> None:
        self.size, self.sharers = size, sharers
        self._most = size // SMALLEST + 16
        self._memory = mmap.mmap(-1, size)
        self._table = mmap.mmap(-1, STATE.size + self._most * ENTRY.size)
        self._lock = multiprocessing.Lock()
        self._known: dict[bytes, tuple[int, int]] = {}

    def __reduce__(self) -> Any:
        return RamCache, (max(1, self.size // self.sharers),)

    def __call__(self, path: str | Path, key: str, make: Callable[[], Pixels]) -> Pixels:
        """Return the image that was made from a file under a key; make and keep it if it is new.

        Args:
            path: of the file.
            key: names everything but the file that the image depends on.
            make: returns the image.
        """
        try:
            name = identity(path, key)
        except OSError:
            return make()  # which says what is wrong
        if name not in self._known:
            with self._lock:
                self._catch_up()
        if name not in self._known:
            return self._keep(name, make())
        place, length = self._known[name]
        with memoryview(self._memory) as memory, memory[place : place + length] as record:
            found = unpack(record)
        assert found is not None, "only whole records are kept"
        return found

    def _catch_up(self) -> int:
        """Learn what others have kept; return the bytes in use."""
        count, used = STATE.unpack_from(self._table)
        for number in range(len(self._known), count):
            name, place, length = ENTRY.unpack_from(self._table, STATE.size + number * ENTRY.size)
            self._known[name] = (place, length)
        return int(used)

    def _keep(self, name: bytes, image: Pixels) -> Pixels:
        record = pack(image)
        if record is None:
            return image
        with self._lock:
            used = self._catch_up()
            count = len(self._known)
            if name not in self._known and used + len(record) <= self.size and count < self._most:
                self._memory[used : used + len(record)] = record
                ENTRY.pack_into(self._table, STATE.size + count * ENTRY.size, name, used, len(record))
                STATE.pack_into(self._table, 0, count + 1, used + len(record))
                self._known[name] = (used, len(record))
        return image
