"""Files on disk, whatever they hold: written whole or not at all."""

import os
from pathlib import Path

TEMPORARY = ".tmp"  # ends the name of a file that is still being written


def write_atomically(path: Path, content: bytes) -> None:
    """Write a small file under a temporary name and rename it, so that a reader never sees half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
