from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from i2ikit.errors import DataError
from i2ikit.images.files import read_header
from i2ikit.images.formats.base import Header


def test_headers_of_common_files(tmp_path: Path) -> None:
    for name, image, wanted in (
        ("a.jpg", Image.new("RGB", (7, 5)), Header("JPEG", "RGB", 7, 5, 3, 8)),
        ("b.png", Image.new("P", (7, 5)), Header("PNG", "P", 7, 5, 3, 8)),
        ("c.png", Image.new("1", (7, 5)), Header("PNG", "1", 7, 5, 1, 1)),
        ("d.tif", Image.new("F", (7, 5)), Header("TIFF", "floating-point gray", 7, 5, 1, 32)),
        ("e.jpg", Image.new("CMYK", (7, 5)), Header("JPEG", "CMYK", 7, 5, 3, 8)),
    ):
        image.save(tmp_path / name)
        assert read_header(tmp_path / name) == wanted
    Image.fromarray(np.zeros((5, 7), np.uint16)).save(tmp_path / "f.png")
    assert read_header(tmp_path / "f.png").bits == 16


def test_the_size_of_a_rotated_image_is_the_upright_one(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    Image.new("RGB", (7, 5)).save(tmp_path / "a.jpg", exif=exif)
    header = read_header(tmp_path / "a.jpg")
    assert (header.width, header.height) == (5, 7)


def test_frames_are_counted(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), (100 * k, 0, 0)) for k in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert read_header(tmp_path / "a.gif").frames == 3


@pytest.mark.parametrize(
    ("shape", "wanted"), [((9, 8), (8, 9, 1)), ((90, 80, 5), (80, 90, 5)), ((5, 90, 80), (80, 90, 5))]
)
@pytest.mark.parametrize("extension", ["npy", "npz"])
def test_arrays_have_their_channels_first_or_last(
    tmp_path: Path, shape: tuple[int, ...], wanted: tuple[int, int, int], extension: str
) -> None:
    array = np.zeros(shape, np.uint16)
    np.save(tmp_path / "a.npy", array) if extension == "npy" else np.savez(tmp_path / "a.npz", array)
    header = read_header(tmp_path / f"a.{extension}")
    assert (header.width, header.height, header.channels) == wanted
    assert (header.format, header.mode, header.bits) == (extension.upper(), "uint16", 16)


def test_the_header_of_a_tiff_with_many_channels(tmp_path: Path) -> None:
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(
        tmp_path / "a.tif", np.zeros((9, 8, 6), np.uint16), photometric="minisblack", planarconfig="contig"
    )
    assert read_header(tmp_path / "a.tif") == Header("TIFF", "gray", 8, 9, 6, 16)


def test_arrays_that_are_not_images_are_named(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros(5))
    with pytest.raises(DataError, match=r"a\.npy has the shape \(5,\)"):
        read_header(tmp_path / "a.npy")
    np.savez(tmp_path / "b.npz", np.zeros((4, 4)), np.zeros((4, 4)))
    with pytest.raises(DataError, match=r"b\.npz should hold one array, but holds 2"):
        read_header(tmp_path / "b.npz")
