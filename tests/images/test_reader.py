"""Any file becomes pixels with one number of channels and one scale."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from i2ikit.errors import DataError
from i2ikit.images import Reader


def save(path: Path, image: Image.Image | None = None, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    (image or Image.new("RGB", (2, 2))).save(path, **options)
    return path


def shallow(path: Path, reader: Reader | None = None) -> Image.Image:
    """Return the pixels of a file that should stay a picture of Pillow."""
    found = (reader or Reader())(path)
    assert isinstance(found, Image.Image)
    return found


def deep(path: Path, reader: Reader | None = None) -> NDArray[np.float32]:
    """Return the pixels of a file that should become an array."""
    found = (reader or Reader())(path)
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.float32
    return found


def test_exif_orientation_turns_the_picture_upright(tmp_path: Path) -> None:
    image = Image.new("RGB", (3, 2))
    image.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: to be turned by 90 degrees clockwise for display
    upright = shallow(save(tmp_path / "x.png", image, exif=exif))
    assert upright.size == (2, 3)
    assert upright.getpixel((1, 0)) == (255, 255, 255)


def test_a_plain_rgb_file_keeps_its_pixels(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(shallow(save(tmp_path / "x.png", Image.fromarray(pixels)))), pixels)


def test_transparent_pixels_are_laid_on_white(tmp_path: Path) -> None:
    image = Image.new("RGBA", (3, 1))
    for x, alpha in enumerate((0, 51, 255)):  # 51 is a fifth
        image.putpixel((x, 0), (200, 100, 0, alpha))
    rgb = shallow(save(tmp_path / "x.png", image))
    assert [rgb.getpixel((x, 0)) for x in range(3)] == [(255, 255, 255), (244, 224, 204), (200, 100, 0)]


def test_a_palette_with_a_transparent_entry_is_laid_on_white(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    rgb = shallow(save(tmp_path / "x.png", image, transparency=0))
    assert [rgb.getpixel((x, 0)) for x in range(2)] == [(255, 255, 255), (40, 50, 60)]


def test_a_palette_becomes_its_colours(tmp_path: Path) -> None:
    image = Image.new("P", (1, 1), 1)
    image.putpalette([0, 0, 0, 40, 50, 60])
    assert shallow(save(tmp_path / "x.gif", image)).getpixel((0, 0)) == (40, 50, 60)


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    image = Image.new("CMYK", (1, 1), (0, 255, 255, 0))  # magenta and yellow ink: red
    assert shallow(save(tmp_path / "x.tif", image)).getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bit_gray_keeps_its_depth_in_three_equal_channels(tmp_path: Path, ending: str) -> None:
    gray = np.array([[0, 257 * 100, 257 * 100 + 1, 65535]], dtype=np.uint16)
    found = deep(save(tmp_path / f"x.{ending}", Image.fromarray(gray)))
    assert found.shape == (1, 4, 3)
    assert np.allclose(found, (gray / 65535)[:, :, None], atol=1e-7)
    assert len(np.unique(found)) == 4


def test_floating_point_gray_runs_from_zero_to_one(tmp_path: Path) -> None:
    gray = np.array([[0.0, 0.2, 1.0]], dtype=np.float32)
    assert np.array_equal(deep(save(tmp_path / "x.tif", Image.fromarray(gray)), Reader(1))[:, :, 0], gray)


def test_eight_bit_grey_and_bilevel_become_three_equal_channels(tmp_path: Path) -> None:
    assert shallow(save(tmp_path / "x.png", Image.new("L", (1, 1), 77))).getpixel((0, 0)) == (77, 77, 77)
    assert shallow(save(tmp_path / "y.png", Image.new("1", (1, 1), 1))).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("values", [[0, -3], [0, 70000]])
def test_values_out_of_range_are_refused_with_the_key_to_set(tmp_path: Path, values: list[int]) -> None:
    path = save(tmp_path / "x.tif", Image.fromarray(np.array([values], dtype=np.int32)))
    found = rf"x\.tif holds values from {min(values)} to {max(values)}, .* from 0 to 65535\. .*data\.value_range="
    with pytest.raises(DataError, match=found):
        Reader(1)(path)


def test_a_text_file_named_png_is_called_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "letter.png"
    path.write_text("Dear Sir or Madam")
    with pytest.raises(DataError, match=r"letter\.png is not a picture that Pillow can read.*move it out"):
        shallow(path)


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp"])
def test_a_cut_off_picture_is_called_by_its_name(tmp_path: Path, ending: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = save(tmp_path / f"half.{ending}", Image.fromarray(pixels))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=rf"half\.{ending}"):
        shallow(path)


def test_a_missing_file_is_called_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.png does not exist"):
        shallow(tmp_path / "gone.png")
