from pathlib import Path

import pytest
import torch
from PIL import Image

from i2ikit.dataset_tools.compare import DomainSample
from i2ikit.dataset_tools.sheet import write_sheet
from i2ikit.errors import DataError


def plain(level: int) -> DomainSample:
    """Return twelve plain images: level, level + 1, ... of 255."""
    levels = torch.arange(level, level + 12) / 255
    images = levels[:, None, None, None].expand(-1, 3, 128, 128)
    return DomainSample("plain", 12, images, pixels=torch.empty(0, 3), patches=torch.empty(0, 147))


def test_the_sheet_has_a_row_for_each_domain(tmp_path: Path) -> None:
    path = write_sheet(tmp_path / "new/sheet.png", [plain(50), plain(200)], ["dark", "bright"])
    with Image.open(path) as sheet:
        assert sheet.size == (10 * 104 + 8, 2 * 122 + 8)
        assert sheet.getpixel((56, 74)) == (50, 50, 50)  # the first tile of the first row
        assert sheet.getpixel((56, 74 + 122)) == (200, 200, 200)
        assert sheet.getpixel((8 + 8 * 104 + 48, 74 + 122)) == (206, 206, 206)  # the mean of 200 .. 211, rounded


def test_an_image_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"sheet\.xyz cannot be written.*--image FILE\.png"):
        write_sheet(tmp_path / "sheet.xyz", [plain(50)], ["dark"])
