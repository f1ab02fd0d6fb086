"""OpenCV, imported at its first use: mmengine imports it at every start, and it may need libGL of the system."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from i2ikit.errors import DataError

NAME = "cv2"
ADVICE = "pip uninstall opencv-python, then pip install --force-reinstall opencv-python-headless"


def opencv(use: str) -> Any:
    """Import OpenCV.

    Args:
        use: what needs it, for the message, such as ``"16-bit color in PNG files"``.

    Raises:
        DataError: it is not installed, or a library of the system is missing that it needs.
    """
    try:
        import cv2
    except ModuleNotFoundError as error:
        raise DataError(f"{use} needs OpenCV: pip install opencv-python-headless") from error
    except ImportError as error:
        raise DataError(f"{use} needs OpenCV, which cannot start here ({error}): {ADVICE}") from error
    return cv2


@contextmanager
def imported_later() -> Iterator[None]:
    """Modules that are imported inside may import OpenCV: it is loaded when they first use it."""
    if NAME in sys.modules:
        yield
        return
    stand_in = sys.modules[NAME] = _ImportedLater(NAME)
    try:
        yield
    finally:
        if sys.modules.get(NAME) is stand_in:
            del sys.modules[NAME]


class _ImportedLater(ModuleType):
    """Passes attributes on to OpenCV."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked by whatever looks through all modules, which must not load it
            raise AttributeError(name)
        if sys.modules.get(NAME) is self:
            del sys.modules[NAME]
        return getattr(opencv("a part of mmengine"), name)
