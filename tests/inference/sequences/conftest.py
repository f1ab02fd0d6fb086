"""Tiny videos, written by FFmpeg."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from torch import Tensor, nn

from i2ikit.inference import Translator

CODECS = {".mp4": ("libx264", "aac"), ".webm": ("libvpx-vp9", "libopus"), ".avi": ("mpeg4", "mp3")}
Make = Callable[..., Path]


class Negative(nn.Module):
    """Inverts colors."""

    def forward(self, x: Tensor) -> Tensor:
        return -x


@pytest.fixture
def negative() -> Translator:
    return Translator(Negative())


def ramp(index: int, width: int, height: int) -> NDArray[np.uint8]:
    """Return a smooth frame: red grows to the right, and green from frame to frame, for 20 frames."""
    frame = np.zeros((height, width, 3), np.uint8)
    frame[:, :, 0] = np.linspace(40, 200, width)
    frame[:, :, 1] = 60 + 8 * (index % 20)
    frame[:, :, 2] = np.linspace(60, 160, height)[:, None]
    return frame


@pytest.fixture
def make_video(tmp_path: Path) -> Make:
    """Writes a video of eight frames at 10 frames per second."""

    def make(
        name: str = "in.mp4",
        *,
        size: tuple[int, int] = (64, 48),
        times: Sequence[int] = range(8),
        sound: str | None = None,
        rotation: int = 0,
        pixels: str = "yuv420p",
        frames: Sequence[NDArray[np.uint8]] | None = None,
        **context: Any,
    ) -> Path:
        path = tmp_path / name
        codec, _ = CODECS.get(path.suffix, CODECS[".mp4"])
        with av.open(path, "w") as file:
            video = file.add_stream(codec, rate=10)
            video.width, video.height, video.pix_fmt = *size, pixels
            video.codec_context.time_base = Fraction(1, 10)
            for key, value in context.items():
                setattr(video.codec_context, key, value)
            if rotation:
                video.set_display_rotation(rotation)
            audio = file.add_stream(sound, rate=48000) if sound else None
            for index, time in enumerate(times):
                pixels_of = ramp(index, *size) if frames is None else frames[index]
                frame = av.VideoFrame.from_ndarray(pixels_of)
                frame.pts, frame.time_base = time, Fraction(1, 10)
                file.mux(video.encode(frame))
                if audio is not None:
                    file.mux(audio.encode(tone(index)))
            file.mux(video.encode())
            if audio is not None:
                file.mux(audio.encode())
        return path

    return make


def tone(index: int) -> av.AudioFrame:
    """Return a tenth of a second of a tone."""
    positions = np.arange(4800 * index, 4800 * (index + 1), dtype=np.float32)
    frame = av.AudioFrame.from_ndarray(0.3 * np.sin(positions / 30)[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts = 48000, 4800 * index
    return frame


def read(path: Path) -> list[NDArray[np.uint8]]:
    with av.open(path) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]


def seconds(path: Path) -> list[float]:
    with av.open(path) as file:
        return [round(float(frame.time), 3) for frame in file.decode(video=0)]


def sound(path: Path) -> list[bytes]:
    with av.open(path) as file:
        return [bytes(packet) for packet in file.demux(audio=0) if packet.size]
