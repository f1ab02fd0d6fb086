from pathlib import Path

import av
import numpy as np
import pytest

from i2ikit.errors import DataError
from i2ikit.inference.sequences.video_reader import TimedFrame, VideoReader
from tests.inference.sequences.conftest import ramp, tone


def frames(path: Path) -> list[TimedFrame]:
    with VideoReader(path) as reader:
        return [item for item in reader if isinstance(item, TimedFrame)]


def test_frames_have_their_pixels_and_times(make_video):
    path = make_video(times=[0, 1, 3, 4, 9, 10, 11, 12])
    found = frames(path)
    with VideoReader(path) as reader:
        times = [float(frame.time * reader.stream.time_base) for frame in found]
        assert (reader.width, reader.height, reader.declared) == (64, 48, 8)
    assert times == pytest.approx([0, 0.1, 0.3, 0.4, 0.9, 1.0, 1.1, 1.2])
    assert np.abs(found[2].pixels.astype(int) - ramp(2, 64, 48)).mean() < 4


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_frames_are_turned_as_the_file_says(degrees: int, make_video):
    turned = frames(make_video("turned.mp4", rotation=degrees))
    plain = frames(make_video("plain.mp4"))
    with av.open(make_video("again.mp4", rotation=degrees)) as file:
        assert next(file.decode(video=0)).rotation % 360 == degrees
    upright = np.rot90(plain[3].pixels, degrees // 90)
    assert turned[3].pixels.shape == upright.shape
    assert np.abs(turned[3].pixels.astype(int) - upright).max() < 8  # encoded twice, by threads of any timing
    with VideoReader(make_video("size.mp4", rotation=degrees)) as reader:
        assert (reader.width, reader.height) == ((48, 64) if degrees != 180 else (64, 48))


def test_the_readable_part_of_a_cut_off_file_is_read(make_video):
    path = make_video("in.mkv", times=range(40))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 4])
    with VideoReader(path) as reader:
        count = sum(isinstance(item, TimedFrame) for item in reader)
        assert reader.declared == 40
    assert 5 < count < 40


def test_damaged_packets_are_left_out(make_video):
    path = make_video("in.avi", times=range(20))
    content = bytearray(path.read_bytes())
    middle = content.find(b"00dc", len(content) // 2)
    content[middle + 8 : middle + 60] = b"\xff" * 52
    path.write_bytes(content)
    assert 15 <= len(frames(path)) <= 20


def test_files_without_pictures_are_refused(tmp_path: Path):
    path = tmp_path / "song.mp4"
    with av.open(path, "w") as file:
        stream = file.add_stream("aac", rate=48000)
        file.mux(stream.encode(tone(0)))
        file.mux(stream.encode())
    with pytest.raises(DataError, match=r"song\.mp4 has sound only, no pictures"):
        VideoReader(path)


def test_files_without_readable_frames_are_refused(make_video):
    path = make_video("in.avi", times=[0])
    content = bytearray(path.read_bytes())
    start = content.find(b"00dc") + 8
    content[start : content.find(b"idx1", start)] = bytes(content.find(b"idx1", start) - start)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"in\.avi has no frame that can be decoded\. Its codec is mpeg4"):
        VideoReader(path)


def test_what_cannot_be_opened_is_named(tmp_path: Path, make_video):
    with pytest.raises(DataError, match=r"the video .*none\.mp4 does not exist"):
        VideoReader(tmp_path / "none.mp4")
    path = make_video()
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=r"in\.mp4 cannot be read: .*It is damaged, or was not written to its end"):
        VideoReader(path)
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(DataError, match=r"empty\.mp4 is empty, 0 bytes"):
        VideoReader(tmp_path / "empty.mp4")


def test_frames_beyond_the_limits_are_refused_before_they_are_decoded(make_video, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("i2ikit.images.guarding.MOST_PIXELS", 64 * 48 - 1)
    with pytest.raises(DataError, match="its header declares 64 x 48 pixels"):
        VideoReader(make_video())
