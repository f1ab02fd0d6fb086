import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from i2ikit.demo.limits import Limits
from i2ikit.errors import DataError


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(path: Path) -> Path:
    """Write a PNG of some bytes that declares billions of pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(bytes(1000)))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + data + chunk(b"IEND", b""))
    return path


def test_an_image_within_the_limits_passes(tmp_path: Path):
    Image.new("RGB", (1000, 1000)).save(tmp_path / "in.png")
    Limits(1, 1).check(tmp_path / "in.png")


def test_too_many_pixels_are_refused(tmp_path: Path):
    Image.new("RGB", (1000, 1001)).save(tmp_path / "in.png")
    with pytest.raises(DataError, match=r"has 1000 x 1001 pixels, more than the 1 megapixels that this page takes"):
        Limits(1, 1).check(tmp_path / "in.png")


def test_all_frames_of_an_animation_count(tmp_path: Path):
    frames = [Image.new("RGB", (100, 100), (index, 0, 0)) for index in range(5)]
    frames[0].save(tmp_path / "in.gif", save_all=True, append_images=frames[1:])
    Limits(1, 0.05).check(tmp_path / "in.gif")
    with pytest.raises(DataError, match=r"has 100 x 100 pixels in 5 frames, more than the 0\.049 megapixels"):
        Limits(1, 0.049).check(tmp_path / "in.gif")


def test_a_large_file_is_refused_by_its_size_alone(tmp_path: Path):
    with (tmp_path / "in.png").open("wb") as file:
        file.truncate(300 * 2**20)
    with pytest.raises(DataError, match="has 300 MB, more than the 50 MB that this page takes"):
        Limits().check(tmp_path / "in.png")


def test_a_decompression_bomb_is_refused_by_its_header(tmp_path: Path):
    with pytest.raises(DataError, match=r"bomb\.png"):
        Limits().check(bomb(tmp_path / "bomb.png"))


def test_a_text_is_no_image(tmp_path: Path):
    (tmp_path / "in.png").write_text("hello")
    with pytest.raises(DataError, match="is not an image in a known format"):
        Limits().check(tmp_path / "in.png")
