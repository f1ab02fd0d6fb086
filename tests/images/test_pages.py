from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from i2ikit.errors import DataError
from i2ikit.images import Reader
from i2ikit.images.pages import holds_pages, read_page_images, write_page_images

PAGES = [
    np.full((4, 6, 3), 10, np.uint8),
    np.full((3, 5), 4000, np.uint16),
    np.full((5, 2, 3), 60000, np.uint16),
    np.full((2, 2), 0.25, np.float32),
]


def save(path: Path, pages: list[NDArray[Any]]) -> Path:
    with tifffile.TiffWriter(path) as file:
        for page in pages:
            file.write(page, photometric="rgb" if page.ndim == 3 else "minisblack")
    return path


@pytest.mark.parametrize("channels", [1, 3])
def test_pages_of_any_size_and_type_are_written_as_they_were_read(channels: int, tmp_path: Path):
    pages = [page for page in PAGES if (page.ndim == 3) == (channels == 3)] * 2
    source, reader = save(tmp_path / "in.tif", pages), Reader(channels)
    images = (reader.prepared(page, source) for page in read_page_images(source))
    assert write_page_images(images, tmp_path / "new" / "out.tif") == 4
    with tifffile.TiffFile(tmp_path / "new" / "out.tif") as file:
        for page, out in zip(pages, file.pages, strict=True):
            assert out.dtype == page.dtype
            assert np.array_equal(out.asarray(), page)


def test_previews_are_no_pages_and_pages_are_upright(tmp_path: Path):
    with tifffile.TiffWriter(tmp_path / "in.tif") as file:
        file.write(np.arange(12, dtype=np.uint8).reshape(3, 4), extratags=[(274, 3, 1, 6, True)])
        file.write(np.zeros((1, 2), np.uint8), subfiletype=1)
        file.write(np.full((2, 2, 3), 9, np.uint8), photometric="rgb")
        file.write(np.full((2, 2), 7, np.uint8))
    found = [np.asarray(page) for page in read_page_images(tmp_path / "in.tif")]
    assert [page.shape for page in found] == [(4, 3), (2, 2, 3), (2, 2)]
    assert found[0][0].tolist() == [8, 4, 0]


def test_pages_that_are_channels_are_one_image(tmp_path: Path):
    source = save(tmp_path / "in.tif", [np.zeros((4, 4), np.uint8)] * 3)
    assert not holds_pages(source, tmp_path / "out.tif", 3)
    assert holds_pages(source, tmp_path / "out.tif", 1)
    assert not holds_pages(source, tmp_path / "out.png", 1)


def test_other_files_have_no_pages(tmp_path: Path):
    frames = [Image.new("RGB", (4, 4), (index, 0, 0)) for index in range(2)]
    frames[0].save(tmp_path / "in.gif", save_all=True, append_images=frames[1:])
    assert not holds_pages(tmp_path / "in.gif", tmp_path / "out.tif", 3)


def test_a_damaged_page_is_an_error_and_leaves_no_output(tmp_path: Path):
    source = save(tmp_path / "in.tif", [np.zeros((40, 40), np.uint16)] * 3)
    content = source.read_bytes()
    source.write_bytes(content[: len(content) - 2000])
    images = (Reader(1).prepared(page, source) for page in read_page_images(source))
    with pytest.raises(DataError, match=r"in\.tif"):
        write_page_images(images, tmp_path / "out.tif")
    assert [path.name for path in tmp_path.iterdir()] == ["in.tif"]
