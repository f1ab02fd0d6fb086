"""An image as bytes, and a name for what it was made from."""

import hashlib
import os
import struct
from pathlib import Path

import numpy as np
from PIL import Image

from i2ikit.ops.pixels import Pixels

MODES = ("L", "RGB")  # images of Pillow that are kept as their bytes; their place is the kind of the record
ARRAY = len(MODES)
HEAD = struct.Struct("<4sIIII")  # a mark, the kind, height, width, channels
MARK = b"i2px"


def identity(path: str | Path, key: str) -> bytes:
    """Return 16 bytes that name a file as it is now together with what is made from it.

    A file goes by its name, size, time of change and inode, not by its content: to hash that would mean to read it,
    which the cache is there to avoid. Who writes a file gives it a new time; another one in its place has a new inode.

    Args:
        path: of a file that exists.
        key: names everything else that the pixels depend on.

    Raises:
        OSError: there is no such file.
    """
    found = os.stat(path)
    parts = (os.path.basename(path), found.st_size, found.st_mtime_ns, found.st_ino, key)
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogateescape"), digest_size=16).digest()


def pack(image: Pixels) -> bytes | None:
    """Return an image as one piece of bytes; None for one that cannot be kept exactly."""
    if isinstance(image, np.ndarray):
        if image.dtype != np.float32 or image.ndim != 3:
            return None
        return HEAD.pack(MARK, ARRAY, *image.shape) + np.ascontiguousarray(image).tobytes()
    if image.mode not in MODES:
        return None
    kind = MODES.index(image.mode)
    return HEAD.pack(MARK, kind, image.height, image.width, len(image.getbands())) + image.tobytes()


def unpack(record: memoryview) -> Pixels | None:
    """Return an image that was packed; None for bytes that are no whole record."""
    if len(record) < HEAD.size:
        return None
    mark, kind, height, width, channels = HEAD.unpack_from(record)
    size = height * width * channels * (4 if kind == ARRAY else 1)
    if mark != MARK or kind > ARRAY or len(record) != HEAD.size + size:
        return None
    if kind == ARRAY:
        return np.frombuffer(record, np.float32, offset=HEAD.size).reshape(height, width, channels).copy()
    return Image.frombytes(MODES[kind], (width, height), record[HEAD.size :])  # copies
