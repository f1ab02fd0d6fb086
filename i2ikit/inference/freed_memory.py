"""What the C library does with memory that tensors have freed, where it is glibc; elsewhere these do nothing."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1  # parameters of mallopt
USUAL = {MMAP_THRESHOLD: 2**25, TRIM_THRESHOLD: 2**26}  # what glibc itself goes up to
NEVER = {MMAP_THRESHOLD: 2**30, TRIM_THRESHOLD: 2**30}  # bytes


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Keep freed memory for the next tensors; at the end, return it to the system.

    Otherwise each large map of a network is new memory, whose pages the system has to find and clear again and again:
    a tenth of the time of a generator on a CPU.
    """
    _set(NEVER)
    try:
        yield
    finally:
        _set(USUAL)
        return_memory()


def return_memory() -> None:
    """Return free memory to the system."""
    trim = getattr(ctypes.pythonapi, "malloc_trim", None)
    if trim is not None:
        trim(0)


def _set(values: dict[int, int]) -> None:
    set_option = getattr(ctypes.pythonapi, "mallopt", None)
    if set_option is not None:
        for parameter, value in values.items():
            set_option(parameter, value)
