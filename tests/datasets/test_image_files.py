"""Finding picture files and reading any of them as RGB."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from i2ikit.datasets.image_files import image_paths, natural_key, read_rgb
from i2ikit.errors import DataError


def save(path: Path, image: Image.Image | None = None, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    (image or Image.new("RGB", (2, 2))).save(path, **options)
    return path


def test_numbers_in_names_are_sorted_as_numbers(tmp_path: Path) -> None:
    for name in ("10.png", "9.png", "a10.png", "A9.png", "b/1.png"):
        save(tmp_path / name)
    names = [path.relative_to(tmp_path).as_posix() for path in image_paths(tmp_path)]
    assert names == ["9.png", "10.png", "A9.png", "a10.png", "b/1.png"]


def test_names_that_differ_in_zeros_or_case_alone_have_one_order() -> None:
    names = [Path(name) for name in ("a1", "A1", "a01")]
    assert sorted(names, key=natural_key) == [Path(name) for name in ("A1", "a01", "a1")]


def test_folders_below_are_read_and_other_files_are_not(tmp_path: Path) -> None:
    kept = {save(tmp_path / name) for name in ("one.JPG", "deep/er/two.tif", "deep/three.webp", "four.jpeg")}
    save(tmp_path / ".hidden.png")
    save(tmp_path / ".cache/thumb.png")
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "folder.png").mkdir()
    assert set(image_paths(tmp_path)) == kept


def test_links_are_followed_and_a_circle_ends(tmp_path: Path) -> None:
    save(tmp_path / "elsewhere/x.png")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/circle").symlink_to(tmp_path / "data")
    assert image_paths(tmp_path / "data") == [tmp_path / "data/link/x.png"]


def test_exif_orientation_turns_the_picture_upright(tmp_path: Path) -> None:
    image = Image.new("RGB", (3, 2))
    image.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: to be turned by 90 degrees clockwise for display
    upright = read_rgb(save(tmp_path / "x.png", image, exif=exif))
    assert upright.size == (2, 3)
    assert upright.getpixel((1, 0)) == (255, 255, 255)


def test_a_plain_rgb_file_keeps_its_pixels(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(read_rgb(save(tmp_path / "x.png", Image.fromarray(pixels)))), pixels)


def test_transparent_pixels_are_laid_on_white(tmp_path: Path) -> None:
    image = Image.new("RGBA", (3, 1))
    for x, alpha in enumerate((0, 51, 255)):  # 51 is a fifth
        image.putpixel((x, 0), (200, 100, 0, alpha))
    rgb = read_rgb(save(tmp_path / "x.png", image))
    assert [rgb.getpixel((x, 0)) for x in range(3)] == [(255, 255, 255), (244, 224, 204), (200, 100, 0)]


def test_a_palette_with_a_transparent_entry_is_laid_on_white(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    rgb = read_rgb(save(tmp_path / "x.png", image, transparency=0))
    assert [rgb.getpixel((x, 0)) for x in range(2)] == [(255, 255, 255), (40, 50, 60)]


def test_a_palette_becomes_its_colours(tmp_path: Path) -> None:
    image = Image.new("P", (1, 1), 1)
    image.putpalette([0, 0, 0, 40, 50, 60])
    assert read_rgb(save(tmp_path / "x.gif", image)).getpixel((0, 0)) == (40, 50, 60)


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    image = Image.new("CMYK", (1, 1), (0, 255, 255, 0))  # magenta and yellow ink: red
    assert read_rgb(save(tmp_path / "x.tif", image)).getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path: Path, ending: str) -> None:
    grey = np.array([[0, 257 * 100, 65535]], dtype=np.uint16)
    rgb = read_rgb(save(tmp_path / f"x.{ending}", Image.fromarray(grey)))
    assert [rgb.getpixel((x, 0)) for x in range(3)] == [(v, v, v) for v in (0, 100, 255)]


def test_floating_point_grey_runs_from_zero_to_one(tmp_path: Path) -> None:
    grey = np.array([[0.0, 0.2, 1.0]], dtype=np.float32)
    rgb = read_rgb(save(tmp_path / "x.tif", Image.fromarray(grey)))
    assert [rgb.getpixel((x, 0)) for x in range(3)] == [(v, v, v) for v in (0, 51, 255)]


def test_eight_bit_grey_and_bilevel_become_three_equal_channels(tmp_path: Path) -> None:
    assert read_rgb(save(tmp_path / "x.png", Image.new("L", (1, 1), 77))).getpixel((0, 0)) == (77, 77, 77)
    assert read_rgb(save(tmp_path / "y.png", Image.new("1", (1, 1), 1))).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("values", [[0, -3], [0, 70000]])
def test_grey_levels_out_of_range_are_refused_with_their_range(tmp_path: Path, values: list[int]) -> None:
    path = save(tmp_path / "x.tif", Image.fromarray(np.array([values], dtype=np.int32)))
    with pytest.raises(DataError, match=rf"x\.tif holds grey levels from {min(values)} to {max(values)}; only 0 to 65"):
        read_rgb(path)


def test_a_text_file_named_png_is_called_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "letter.png"
    path.write_text("Dear Sir or Madam")
    with pytest.raises(DataError, match=r"letter\.png is not a picture that Pillow can read.*move it out"):
        read_rgb(path)


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp"])
def test_a_cut_off_picture_is_called_by_its_name(tmp_path: Path, ending: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = save(tmp_path / f"half.{ending}", Image.fromarray(pixels))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=rf"half\.{ending}"):
        read_rgb(path)


def test_a_missing_file_is_called_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.png does not exist"):
        read_rgb(tmp_path / "gone.png")
