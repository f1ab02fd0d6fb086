"""Where an error was raised: in which plugin or own file, at which line."""

import re
import sys
import traceback
from collections.abc import Iterator

from i2ikit.plugin.info import CORE, OWN_FILES
from i2ikit.plugin.manager import get_manager

FRAME = re.compile(r'^\s*File "(.+)", line (\d+)', re.MULTILINE)  # of a traceback that a worker process sent as text


def origin_of(error: BaseException) -> str:
    """Return the plugin, its version, the file and the line of the last frame outside of the core, or an empty string.

    Frames of libraries count for the plugin that called them. An error that was raised from another one is followed to
    that one.
    """
    causes = [error]
    while causes[-1].__cause__ is not None and causes[-1].__cause__ not in causes:
        causes.append(causes[-1].__cause__)
    for cause in reversed(causes):
        for module, file, line in [*_frames(cause), *_frames_in_text(cause)][::-1]:
            if module.startswith(OWN_FILES):
                return f"{file}:{line}"
            owner = get_manager().owner(module)
            if owner is not None and owner.name != CORE:
                return f"the plugin {owner.title}, {file}:{line}"
    return ""


def _frames(error: BaseException) -> Iterator[tuple[str, str, int]]:
    """Yield module, file and line of each frame, the last one being where the error was raised."""
    for frame, line in traceback.walk_tb(error.__traceback__):
        yield str(frame.f_globals.get("__name__", "")), frame.f_code.co_filename, line


def _frames_in_text(error: BaseException) -> Iterator[tuple[str, str, int]]:
    """Yield the frames that the text of an error lists, as that of an error in a data-loading worker does."""
    listed = FRAME.findall(str(error))
    if not listed:
        return
    modules = {getattr(module, "__file__", None): name for name, module in list(sys.modules.items())}
    for file, line in listed:
        yield modules.get(file, ""), file, int(line)
