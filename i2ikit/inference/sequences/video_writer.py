"""Writes translated frames as videos; sound and subtitles are copied as they are."""

import logging
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
from typing_extensions import Self

from i2ikit.errors import DataError
from i2ikit.inference.sequences.containers import CONTAINERS
from i2ikit.inference.sequences.video_reader import COPIED, TimedFrame, VideoReader

logger = logging.getLogger(__name__)
COLORS = ("color_range", "colorspace", "color_primaries", "color_trc")
RGB = 0  # the color space of files that store red, green and blue


class VideoWriter:
    """Writes translated frames with the timing, the encoding of colors, and the sound of the video they come from.

    Args:
        file: open for writing, seekable.
        path: where the file will be; its extension chooses format and encoder, see ``CONTAINERS``.
        source: the input.

    Raises:
        DataError: the format cannot hold the sound of the input.
    """

    def __init__(self, file: BinaryIO, path: Path, source: VideoReader) -> None:
        import av

        self._path, self._source = path, source
        self._av: Any = av
        self._kind = CONTAINERS[path.suffix.lower()]
        self._container = self._av.open(file, "w", format=self._kind.muxer)
        self._stream = self._announce_pictures()
        self._base = self._stream.codec_context.time_base
        found = {stream.index: self._announce(stream) for kind in COPIED for stream in source.streams(kind)}
        self._copies = {index: stream for index, stream in found.items() if stream is not None}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Complete the file, unless there was an error."""
        if error is None:
            self._container.mux(self._stream.encode())
            self._container.close()
            return
        with suppress(Exception):  # the first error is the one to show
            self._container.close()

    def write(self, frame: TimedFrame) -> None:
        """Encode a frame of the size of the input."""
        context = self._source.stream.codec_context
        kind = "gray" if frame.pixels.ndim == 2 else "rgb24"
        encoded = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(frame.pixels), format=kind)
        colors = {"dst_colorspace": context.colorspace, "dst_color_range": context.color_range}
        encoded = encoded.reformat(format=self._stream.pix_fmt, **({} if context.colorspace == RGB else colors))
        encoded.pts, encoded.time_base = round(frame.time * self._source.stream.time_base / self._base), self._base
        self._container.mux(self._stream.encode(encoded))

    def copy(self, packet: Any) -> None:
        """Write a packet of sound or subtitles as it is."""
        if packet.stream.index in self._copies:
            packet.stream = self._copies[packet.stream.index]
            self._container.mux(packet)

    def _announce_pictures(self) -> Any:
        source, kind = self._source, self._kind
        stream: Any = self._container.add_stream(kind.codec, rate=source.rate, options=kind.options)
        halved = not kind.even or (source.width % 2 == 0 and source.height % 2 == 0)
        stream.width, stream.height, stream.pix_fmt = source.width, source.height, "yuv420p" if halved else "yuv444p"
        stream.time_base = source.stream.time_base if kind.keeps_times else 1 / source.rate
        context, given = stream.codec_context, source.stream.codec_context
        context.time_base = stream.time_base
        for name in COLORS if given.colorspace != RGB else ():
            setattr(context, name, getattr(given, name))
        shape = given.sample_aspect_ratio
        if shape:
            context.sample_aspect_ratio = 1 / shape if source.is_turned else shape
        return stream

    def _announce(self, stream: Any) -> Any:
        """Return a new stream that copies another one; None if the format cannot hold its subtitles."""
        try:
            copied = self._container.add_stream_from_template(stream)
        except ValueError:
            codec, suffix = stream.codec_context.name, self._path.suffix
            if stream.type == "audio":
                raise DataError(f"{suffix} does not hold sound of the kind {codec}: write to a .mkv file") from None
            logger.warning("%s does not hold subtitles of the kind %s: they are left out", suffix, codec)
            return None
        if stream.language:
            copied.metadata["language"] = stream.language
        return copied
