from pathlib import Path

import pytest

from i2ikit.errors import DataError
from i2ikit.inference.sequences.containers import CONTAINERS, demuxer, is_video

PLAYLISTS = {
    "hls": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "concat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    "dash": b'<?xml version="1.0"?><MPD></MPD>',
    "metadata": b";FFMETADATA1\ntitle=x\n",
    "nothing": b"",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_files_that_name_other_files_are_no_videos(kind: str, tmp_path: Path):
    path = tmp_path / "in.mp4"
    path.write_bytes(PLAYLISTS[kind])
    with path.open("rb") as file, pytest.raises(DataError, match=r"in\.mp4 is not a video in a known format"):
        demuxer(path, file)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("in.mp4", "mov"), ("in.mov", "mov"), ("in.mkv", "matroska"), ("in.webm", "matroska"), ("in.avi", "avi")],
)
def test_videos_are_recognized_by_their_first_bytes(name: str, expected: str, make_video):
    path = make_video(name)
    other = path.rename(path.with_suffix(".mp4"))
    with other.open("rb") as file:
        assert demuxer(other, file) == expected
        assert file.tell() == 0


def test_the_extension_says_what_is_a_video():
    assert [is_video(Path(name)) for name in ("a.MP4", "b.webm", "c.gif", "mp4")] == [True, True, False, False]
    assert set(CONTAINERS) == {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi"}
