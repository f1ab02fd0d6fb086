"""Reads videos frame by frame, and the packets of their sound and subtitles."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from i2ikit.errors import DataError, I2IKitError
from i2ikit.images.guarding import refuse_bombs, refuse_special_files
from i2ikit.inference.sequences.containers import demuxer

NO_OTHER_FILES = {"protocol_whitelist": "", "enable_drefs": "0"}  # nothing inside a file makes FFmpeg open another one
DEFAULT_RATE = Fraction(25)  # frames per second, where a file states none
QUARTER = 90  # degrees
COPIED = ("audio", "subtitle")


@dataclass(frozen=True)
class TimedFrame:
    """A frame of a video, upright.

    Attributes:
        pixels: (H, W, 3), or (H, W) for one channel.
        time: when it is shown, in units of the time base of the video.
    """

    pixels: NDArray[np.uint8]
    time: int


class VideoReader:
    """The frames of a video file, and the packets of its sound and subtitles, in the order of the file.

    Iterating yields a :class:`TimedFrame` for each frame that can be decoded, and packets. A file that ends too early,
    or has damaged parts, has fewer frames than it declares.

    Args:
        path: of the file.

    Attributes:
        stream: the pictures, as PyAV describes them.
        width, height: of its frames, in pixels, upright.
        declared: how many frames the file declares; 0: unknown.

    Raises:
        DataError: the file cannot be opened, is no video, has no frames, or is too large.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._turns = path, 0
        with ExitStack() as resources, video_errors(path):
            refuse_special_files(path)
            import av

            file = resources.enter_context(path.open("rb"))
            opened = av.open(file, format=demuxer(path, file), container_options=NO_OTHER_FILES)
            self._container = resources.enter_context(opened)
            self.stream = self._pictures()
            self.stream.thread_type = "AUTO"
            self.rate = self.stream.average_rate or self.stream.guessed_rate or DEFAULT_RATE
            self.declared = self.stream.frames or round(_tagged_seconds(self.stream) * self.rate)
            self._items = self._read()
            self._begin = self._until_first_frame()
            self._resources = resources.pop_all()
        self.height, self.width = self._begin[-1].pixels.shape[:2]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._resources.close()

    def __iter__(self) -> Iterator[Any]:
        with video_errors(self.path):
            yield from self._begin
            self._begin = []
            yield from self._items

    @property
    def is_turned(self) -> bool:
        """Whether width and height are swapped against those that the file stores."""
        return self._turns % 2 == 1

    def streams(self, kind: str) -> list[Any]:
        """Return the streams of a kind: ``"audio"``, ``"subtitle"``, ``"data"`` or ``"attachment"``."""
        return [stream for stream in self._container.streams if stream.type == kind]

    def _pictures(self) -> Any:
        """Return the stream of moving pictures: the first, but no cover of a song."""
        from av.stream import Disposition

        moving = (each for each in self._container.streams.video if not each.disposition & Disposition.attached_pic)
        found = next(moving, None)
        if found is None:
            raise DataError(f"{self.path} has sound only, no pictures")
        refuse_bombs(self.path, found.codec_context.width, found.codec_context.height)
        return found

    def _until_first_frame(self) -> list[Any]:
        found: list[Any] = []
        for item in self._items:
            found.append(item)
            if isinstance(item, TimedFrame):
                return found
        raise DataError(f"{self.path} has no frame that can be decoded. Its codec is {self.stream.codec_context.name}.")

    def _read(self) -> Iterator[Any]:
        size, last = None, None
        wanted = [self.stream, *(stream for kind in COPIED for stream in self.streams(kind))]
        for packet in _packets(self._container, wanted):
            if packet.stream.type in COPIED:
                if packet.dts is not None:  # else it marks the end of its stream
                    yield packet
                continue
            for frame in _frames(packet):
                refuse_bombs(self.path, frame.width, frame.height)
                if size is None:
                    size, self._turns = (frame.width, frame.height), round(frame.rotation / QUARTER)
                last = self._time(frame, last)
                yield TimedFrame(self._upright(frame, size), last)

    def _time(self, frame: Any, last: int | None) -> int:
        """Return the time of a frame, later than that of the last one; files of some formats state none."""
        if frame.pts is None:
            return 0 if last is None else last + max(1, round(1 / (self.rate * self.stream.time_base)))
        return int(frame.pts) if last is None else max(last + 1, int(frame.pts))

    def _upright(self, frame: Any, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Return the pixels of a frame at the size of the first one, turned as the file says that it is shown."""
        pixels = frame.reformat(*size, format="rgb24").to_ndarray()
        return np.ascontiguousarray(np.rot90(pixels, self._turns))


@contextmanager
def video_errors(path: Path) -> Iterator[None]:
    """Turn whatever the block raises about a video into a DataError that names it."""
    try:
        yield
    except (I2IKitError, MemoryError):
        raise
    except FileNotFoundError:
        raise DataError(f"the video {path} does not exist") from None
    except PermissionError:
        raise DataError(f"no permission to read the video {path}. Allow it: `chmod u+r {path}`.") from None
    except Exception as error:  # PyAV's errors are of many kinds
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError(
            f"the video {path} cannot be read: {reason}. It is damaged, or was not written to its end."
        ) from error


def _packets(container: Any, streams: Iterable[Any]) -> Iterator[Any]:
    """Yield packets up to the end of a file, or to the point where it is cut off."""
    found = container.demux(*streams)
    while True:
        try:
            packet = next(found, None)
        except _ffmpeg_error():
            return
        if packet is None:
            return
        yield packet


def _frames(packet: Any) -> list[Any]:
    """Return the frames of a packet; none if it is damaged."""
    try:
        return list(packet.decode())
    except _ffmpeg_error():
        return []


def _ffmpeg_error() -> type[Exception]:
    import av

    error: type[Exception] = av.error.FFmpegError
    return error


def _tagged_seconds(stream: Any) -> Fraction:
    """Return the length of a stream as Matroska files state it, ``00:01:30.5``; 0 if they do not."""
    try:
        hours, minutes, seconds = stream.metadata["DURATION"].split(":")
        return 3600 * int(hours) + 60 * int(minutes) + Fraction(seconds)
    except (LookupError, ValueError):
        return Fraction(0)
