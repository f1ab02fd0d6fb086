"""The video files that are read and written: recognized by their first bytes, and nothing else is given to FFmpeg."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from i2ikit.errors import DataError

HEAD = 16  # bytes that distinguish containers
MOV_ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")


@dataclass(frozen=True)
class Container:
    """How files with an extension are written.

    Attributes:
        muxer: FFmpeg's name of the format.
        codec: FFmpeg's name of the encoder.
        options: of the encoder: visually lossless, so that a translation loses little.
        even: the encoder halves colors only in images of even width and height; others are stored at full color.
        keeps_times: each frame has its own time; else frames are equally long.
    """

    muxer: str
    codec: str
    options: dict[str, str]
    even: bool
    keeps_times: bool = True


X264 = {"crf": "16", "preset": "medium"}
VP9 = {"crf": "20", "b:v": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}
MPEG4 = {"flags": "+qscale", "global_quality": str(2 * 118)}  # the second best of 31 steps, in FFmpeg's units
CONTAINERS = {
    ".mp4": Container("mp4", "libx264", X264, even=True),
    ".m4v": Container("mp4", "libx264", X264, even=True),
    ".mov": Container("mov", "libx264", X264, even=True),
    ".mkv": Container("matroska", "libx264", X264, even=True),
    ".webm": Container("webm", "libvpx-vp9", VP9, even=False),
    ".avi": Container("avi", "mpeg4", MPEG4, even=False, keeps_times=False),
}


def is_video(path: Path) -> bool:
    """Return whether a file is a video by its extension."""
    return path.suffix.lower() in CONTAINERS


def demuxer(path: Path, file: BinaryIO) -> str:
    """Return FFmpeg's name of the format of an open file, by its first bytes.

    FFmpeg never guesses: playlists, image sequences and lists of files, which would open other files and addresses, are
    among the formats that it knows.

    Raises:
        DataError: it is none of the formats in ``CONTAINERS``.
    """
    head = file.read(HEAD)
    file.seek(0)
    if head[4:8] in MOV_ATOMS:
        return "mov"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "matroska"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    raise DataError(
        f"{path} is not a video in a known format, whatever its extension; i2ikit reads {' '.join(CONTAINERS)}"
    )
