import errno
import io
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from i2ikit.errors import DataError, RunError
from i2ikit.inference import Translator
from tests.inference.sequences.conftest import read, seconds, sound


def difference(path: Path, other: Path) -> float:
    """Return the mean difference of one video from the negative of another one."""
    pairs = zip(read(path), read(other), strict=True)
    return float(np.mean([np.abs(255 - a.astype(int) - b).mean() for a, b in pairs]))


@pytest.mark.parametrize("extension", [".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi"])
@pytest.mark.parametrize("size", [(64, 48), (63, 47)])
def test_every_format_keeps_size_times_and_colors(
    extension: str, size: tuple[int, int], make_video: Any, negative: Translator, tmp_path: Path
):
    source = make_video("in.mkv", size=size, pixels="yuv444p")
    target = tmp_path / f"out{extension}"
    negative.file(source, target)
    assert difference(source, target) < 2
    assert read(target)[0].shape == (size[1], size[0], 3)
    assert seconds(target) == seconds(source)


@pytest.mark.parametrize("name", ["in.mp4", "in.webm"])
def test_variable_times_are_kept(name: str, make_video: Any, negative: Translator, tmp_path: Path):
    source = make_video(name, times=[0, 1, 2, 6, 7, 15, 16, 17])
    negative.file(source, tmp_path / f"out_{name}")
    assert seconds(tmp_path / f"out_{name}") == [0, 0.1, 0.2, 0.6, 0.7, 1.5, 1.6, 1.7]


@pytest.mark.parametrize(
    ("name", "codec"), [("in.mp4", "aac"), ("in.mov", "pcm_s16le"), ("in.webm", "libopus"), ("in.avi", "mp3")]
)
def test_sound_is_copied_bit_by_bit(name: str, codec: str, make_video: Any, negative: Translator, tmp_path: Path):
    source = make_video(name, sound=codec)
    negative.file(source, tmp_path / f"out_{name}")
    assert len(sound(source)) > 3
    assert sound(tmp_path / f"out_{name}") == sound(source)


def test_a_format_that_cannot_hold_the_sound_is_refused(make_video: Any, negative: Translator, tmp_path: Path):
    with pytest.raises(DataError, match=r"\.webm does not hold sound of the kind aac: write to a \.mkv file"):
        negative.file(make_video(sound="aac"), tmp_path / "out.webm")
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


@pytest.mark.parametrize(("space", "color_range"), [(1, 1), (5, 2), (9, 1)])  # BT.709, BT.601 of full range, BT.2020
def test_the_encoding_of_colors_is_kept(
    space: int, color_range: int, make_video: Any, negative: Translator, tmp_path: Path
):
    source = make_video(colorspace=space, color_range=color_range)
    negative.file(source, tmp_path / "out.mp4")
    with av.open(tmp_path / "out.mp4") as file:
        context = file.streams.video[0].codec_context
        assert (context.colorspace, context.color_range) == (space, color_range)
    assert difference(source, tmp_path / "out.mp4") < 3.5


def test_pixels_that_are_not_square_stay_so(make_video: Any, negative: Translator, tmp_path: Path):
    negative.file(make_video(sample_aspect_ratio=2), tmp_path / "out.mp4")
    with av.open(tmp_path / "out.mp4") as file:
        assert file.streams.video[0].sample_aspect_ratio == 2


class FullDisk(io.BytesIO):
    def write(self, content: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_an_error_and_leaves_nothing(
    make_video: Any, negative: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source, read_file = make_video(), Path.open
    monkeypatch.setattr(Path, "open", lambda path, mode="r": FullDisk() if "x" in mode else read_file(path, mode))
    with pytest.raises(RunError, match=r"cannot write .*out\.mp4: No space left on device"):
        negative.file(source, tmp_path / "out.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]
