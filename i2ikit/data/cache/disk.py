"""Prepared images on a disk: one memory-mapped file each, shared by all processes and by later runs."""

import logging
import mmap
import os
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from i2ikit.data.cache.records import identity, pack, unpack
from i2ikit.errors import DataError
from i2ikit.ops.pixels import Pixels

KEEP_FREE = 2**30  # bytes of the disk that the cache leaves alone
STALE = 3600.0  # seconds after which a half-written file belongs to nobody


class DiskCache:
    """Keeps prepared images in a folder.

    A file appears under its name when it is whole, so that a process may be killed at any time and two may write the
    same one. There is no index and no lock: the name says what a file was made from. Files that nobody asks for any
    more stay; the folder can be deleted at any time. The disk is not filled to the last GiB.

    Args:
        folder: it is made.

    Raises:
        DataError: the folder cannot be written.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self._half = self.folder / "half-written"
        self._full = False
        try:
            self._half.mkdir(parents=True, exist_ok=True)
            self._sweep()
            probe = self._half / secrets.token_hex(8)
            probe.touch()
            probe.unlink()
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
            return make()  # which says what is wrong
        place = self.folder / name[:2] / name[2:]
        found = self._read(place)
        if found is None:
            found = make()
            self._write(place, found)
        return found

    def _read(self, place: Path) -> Pixels | None:
        try:
            with (
                open(place, "rb") as file,
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
                memoryview(mapped) as record,
            ):
                return unpack(record)
        except (OSError, ValueError):  # not there, or empty
            return None

    def _write(self, place: Path, image: Pixels) -> None:
        record = pack(image)
        if record is None or self._full:
            return
        half = self._half / f"{os.getpid()}-{secrets.token_hex(8)}"
        try:
            if shutil.disk_usage(self.folder).free < KEEP_FREE + len(record):
                raise OSError("the disk is nearly full")
            place.parent.mkdir(exist_ok=True)
            half.write_bytes(record)
            os.replace(half, place)
        except OSError as error:
            half.unlink(missing_ok=True)
            self._full = True
            logging.getLogger(__name__).warning("the cache in %s takes no more images: %s", self.folder, error)

    def _sweep(self) -> None:
        """Remove what killed processes left half-written."""
        for half in self._half.iterdir():
            try:
                if time.time() - half.stat().st_mtime > STALE:
                    half.unlink()
            except FileNotFoundError:  # another process was faster
                continue
