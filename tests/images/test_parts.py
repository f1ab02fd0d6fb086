from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from i2ikit.errors import DataError
from i2ikit.images import Reader, guarding
from i2ikit.images import parts as parts_module
from i2ikit.images.files import read_header
from i2ikit.images.parts import ImageInParts, VipsParts, _open, read_through

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (300, 410, 3), np.uint8)
DEEP = RNG.integers(0, 65536, (300, 410, 3), np.uint16)

TIFFS: dict[str, tuple[Any, dict[str, Any]]] = {
    "plain": (BYTES, {"photometric": "rgb"}),
    "strips": (BYTES, {"photometric": "rgb", "rowsperstrip": 64, "compression": "zlib", "predictor": True}),
    "tiles": (DEEP, {"photometric": "rgb", "tile": (64, 128), "compression": "lzw"}),
    "planar tiles": (np.moveaxis(DEEP, 2, 0), {"photometric": "rgb", "planarconfig": "separate", "tile": (128, 64)}),
    "planar": (np.moveaxis(BYTES, 2, 0), {"photometric": "rgb", "planarconfig": "separate"}),
    "gray": (DEEP[:, :, 0], {"photometric": "minisblack", "rowsperstrip": 7, "compression": "zlib"}),
    "white is zero": (BYTES[:, :, 0], {"photometric": "miniswhite"}),
    "big endian": (DEEP, {"photometric": "rgb", "byteorder": ">"}),
    "bigtiff": (BYTES, {"photometric": "rgb", "bigtiff": True, "tile": (256, 256)}),
    "transparent": (
        np.dstack([BYTES, BYTES[:, :, :1]]),
        {"photometric": "rgb", "extrasamples": ["unassalpha"], "rowsperstrip": 50, "compression": "zlib"},
    ),
    "jpeg": (BYTES, {"photometric": "ycbcr", "compression": "jpeg", "tile": (128, 128)}),
}


def assert_same_parts(path: Path, reader: Reader, *, atol: float = 0) -> None:
    """Parts at corners and in the middle are those of the whole file."""
    whole = reader.image(path)
    pixels = np.asarray(whole.pixels).astype(np.float64)
    with ImageInParts(path, reader) as image:
        assert (image.width, image.height) == (410, 300)
        for top, left, height, width in ((0, 0, 1, 1), (60, 120, 130, 200), (0, 0, 300, 410), (299, 409, 1, 1)):
            part = image.part(top, left, height, width)
            expected = pixels[top : top + height, left : left + width]
            np.testing.assert_allclose(np.asarray(part.pixels).astype(np.float64), expected, atol=atol)
            assert (part.dtype, part.limits, part.background) == (whole.dtype, whole.limits, whole.background)
            assert (part.alpha is None) == (whole.alpha is None)
            if part.alpha is not None and whole.alpha is not None:
                np.testing.assert_array_equal(part.alpha, whole.alpha[top : top + height, left : left + width])


@pytest.mark.parametrize("kind", TIFFS)
def test_parts_of_a_tiff_are_those_of_the_whole_image(kind: str, tmp_path: Path):
    values, options = TIFFS[kind]
    tifffile.imwrite(tmp_path / "x.tif", values, **options)
    parts = _open(tmp_path / "x.tif")
    assert parts is not None
    parts.close()
    assert_same_parts(tmp_path / "x.tif", Reader(), atol=2 if kind == "jpeg" else 0)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "LA", "1", "I;16"])
def test_parts_of_a_png_are_those_of_the_whole_image(mode: str, tmp_path: Path):
    image = Image.fromarray(DEEP[:, :, 0]) if mode == "I;16" else Image.fromarray(BYTES).convert(mode)
    image.save(tmp_path / "x.png", icc_profile=b"profile" if mode == "RGB" else None)
    parts = _open(tmp_path / "x.png")
    assert isinstance(parts, VipsParts)
    parts.close()
    assert_same_parts(tmp_path / "x.png", Reader())
    with ImageInParts(tmp_path / "x.png", Reader()) as found:
        assert found.part(0, 0, 4, 4).profile == (b"profile" if mode == "RGB" else None)


@pytest.mark.parametrize("name", ["x.jpg", "x.bmp", "x.webp"])
def test_parts_of_other_formats_are_those_of_the_whole_image(name: str, tmp_path: Path):
    Image.fromarray(BYTES).save(tmp_path / name)
    assert_same_parts(tmp_path / name, Reader())


def test_a_turned_image_is_read_as_a_whole(tmp_path: Path):
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(BYTES[:, :, ::-1].swapaxes(0, 1).copy()).save(tmp_path / "x.jpg", exif=exif)
    assert _open(tmp_path / "x.jpg") is None
    assert_same_parts(tmp_path / "x.jpg", Reader())


def test_a_file_is_read_without_pyvips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("i2ikit.images.parts.find_spec", lambda name: None)
    Image.fromarray(BYTES).save(tmp_path / "x.png")
    assert _open(tmp_path / "x.png") is None
    assert_same_parts(tmp_path / "x.png", Reader())


def test_a_damaged_part_is_an_error_that_names_the_file(tmp_path: Path):
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, BYTES, photometric="rgb", tile=(128, 128), compression="zlib")
    with tifffile.TiffFile(path) as file:
        start, count = file.pages[0].dataoffsets[4], file.pages[0].databytecounts[4]
    content = bytearray(path.read_bytes())
    content[start : start + count] = bytes(count)
    path.write_bytes(content)
    with ImageInParts(path, Reader()) as image:
        assert image.part(0, 0, 64, 64).channels == 3
        with pytest.raises(DataError, match=r"x\.tif cannot be read"):
            image.part(128, 0, 10, 10)


def test_a_truncated_png_is_an_error_that_names_the_file(tmp_path: Path):
    Image.fromarray(BYTES).save(tmp_path / "x.png")
    content = (tmp_path / "x.png").read_bytes()
    (tmp_path / "x.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"x\.png cannot be read"):
        ImageInParts(tmp_path / "x.png", Reader())


def test_temporary_files_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    Image.fromarray(BYTES).save(tmp_path / "x.png")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with ImageInParts(tmp_path / "x.png", Reader()):
        assert [*(tmp_path / "temporary").iterdir()]
    assert not [*(tmp_path / "temporary").iterdir()]


def test_a_tiff_beyond_the_limits_is_read_in_parts_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "MOST_PIXELS", 300 * 410 - 1)
    monkeypatch.setattr(parts_module, "MOST_PIXELS", 300 * 410 - 1)
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, BYTES, photometric="rgb", tile=(64, 64), compression="zlib")
    with ImageInParts(path, Reader(3)) as image:
        assert np.array_equal(np.asarray(image.part(200, 300, 50, 60).pixels), BYTES[200:250, 300:360])
    read_through(path, 3)
    with pytest.raises(DataError, match=r"x\.tif is refused: its header declares 410 x 300 pixels in 3 channels"):
        Reader(3).image(path)
    path.write_bytes(path.read_bytes()[:-9000])
    with pytest.raises(DataError, match=r"x\.tif cannot be read"):
        read_through(path, 3)
    monkeypatch.setattr(guarding, "MOST_PIXELS", 300 * 410 // guarding.IN_PARTS - 1)
    with pytest.raises(DataError, match="is refused: its header declares"):
        read_header(path)


def test_a_tiff_of_several_pages_keeps_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "MOST_PIXELS", 300 * 410 - 1)
    tifffile.imwrite(tmp_path / "x.tif", np.stack([BYTES, BYTES]), photometric="rgb")
    with pytest.raises(DataError, match="is refused: its header declares"):
        read_header(tmp_path / "x.tif")
