"""Whether an output is complete, so that its input need not be translated again."""

from pathlib import Path

from i2ikit.errors import I2IKitError
from i2ikit.images.files import read_header
from i2ikit.images.parts import read_through
from i2ikit.inference.sequences.containers import is_video
from i2ikit.inference.sequences.video_reader import TimedFrame, VideoReader

TOLERANCE = 1  # frames: some videos count one too many


def is_complete(target: Path, source: Path) -> bool:
    """Return whether an output exists that can be read to its end, and has the size and the frames of its input.

    An animation whose output format holds one frame is complete with it.
    """
    if not target.is_file():
        return False
    try:
        return _has_all_frames(target, source) if is_video(source) else _is_whole(target, source)
    except I2IKitError:  # either file is damaged
        return False


def _is_whole(target: Path, source: Path) -> bool:
    found, wanted = read_header(target), read_header(source)
    read_through(target, found.channels)
    same = found.frames == wanted.frames or found.frames == 1
    return same and (found.width, found.height) == (wanted.width, wanted.height)


def _has_all_frames(target: Path, source: Path) -> bool:
    with VideoReader(target) as found, VideoReader(source) as wanted:
        frames = sum(isinstance(item, TimedFrame) for item in found)
        same = (found.width, found.height) == (wanted.width, wanted.height)
        return same and frames + TOLERANCE >= wanted.declared
