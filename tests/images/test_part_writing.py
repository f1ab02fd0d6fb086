from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from i2ikit.errors import DataError
from i2ikit.images import DecodedImage, Reader
from i2ikit.images.part_writing import write_in_parts
from i2ikit.images.parts import ImageInParts

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (700, 330, 4), np.uint8)
DEEP = RNG.integers(0, 65536, (700, 330, 3), np.uint16)


def copy(source: Path, target: Path, reader: Reader) -> None:
    def parts() -> Iterator[DecodedImage]:
        with ImageInParts(source, reader) as image:
            for top, bottom in ((0, 1), (1, 300), (300, 690), (690, 700)):
                yield image.part(top, 0, bottom - top, 330)

    write_in_parts(parts(), target, (330, 700))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "LA"])
@pytest.mark.parametrize("target", ["y.png", "y.tif", "y.bmp"])
def test_an_image_in_parts_is_written_as_the_whole_one(mode: str, target: str, tmp_path: Path):
    profile = b"profile" if mode.startswith("RGB") and target != "y.bmp" else None
    Image.fromarray(BYTES).convert(mode).save(tmp_path / "x.png", icc_profile=profile)
    reader = Reader(alpha="ignore")
    copy(tmp_path / "x.png", tmp_path / target, reader)
    with Image.open(tmp_path / target) as image:
        image.load()
        assert image.info.get("icc_profile") == profile
    found, expected = reader.image(tmp_path / target), reader.image(tmp_path / "x.png")
    np.testing.assert_array_equal(np.asarray(found.pixels), np.asarray(expected.pixels))
    if target != "y.bmp":  # which holds no opacity
        np.testing.assert_array_equal(found.alpha, expected.alpha)


@pytest.mark.parametrize("target", ["y.png", "y.tif"])
def test_deep_color_is_kept(target: str, tmp_path: Path):
    tifffile.imwrite(tmp_path / "x.tif", DEEP, photometric="rgb", rowsperstrip=100, compression="zlib")
    copy(tmp_path / "x.tif", tmp_path / target, Reader())
    found = Reader().image(tmp_path / target)
    assert found.dtype == np.uint16
    np.testing.assert_array_equal(found.stored_values()[0], DEEP)


def test_a_tiff_is_written_without_tifffile_where_pillow_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("i2ikit.images.part_writing.find_spec", lambda name: None)
    monkeypatch.setattr("i2ikit.images.part_writing.import_tifffile", None)
    Image.fromarray(BYTES[:, :, :3]).save(tmp_path / "x.png")
    copy(tmp_path / "x.png", tmp_path / "y.tif", Reader())
    np.testing.assert_array_equal(np.asarray(Reader().image(tmp_path / "y.tif").pixels), BYTES[:, :, :3])


def test_an_error_leaves_what_was_there(tmp_path: Path):
    def parts() -> Iterator[DecodedImage]:
        yield Reader().prepared(Image.fromarray(BYTES[:10, :, :3]), "x")
        raise DataError("damaged")

    (tmp_path / "y.png").write_bytes(b"before")
    with pytest.raises(DataError, match="damaged"):
        write_in_parts(parts(), tmp_path / "y.png", (330, 700))
    assert [each.name for each in tmp_path.iterdir()] == ["y.png"]
    assert (tmp_path / "y.png").read_bytes() == b"before"
