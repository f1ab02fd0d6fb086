import logging
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from torch import Tensor, nn

from i2ikit.errors import DataError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.images import Reader
from i2ikit.inference import image_files
from i2ikit.inference.image_files import ImageFiles
from i2ikit.inference.network import TranslationNetwork
from i2ikit.inference.tiling import plan

RNG = np.random.default_rng(0)
SMOOTH = np.asarray(
    Image.fromarray(RNG.integers(0, 256, (8, 7, 3), np.uint8)).resize((331, 290), Image.Resampling.BICUBIC)
)
MEMORY = 14 * 2**20


class Pooled(nn.Module):
    """Depends on the mean of the whole image."""

    def forward(self, x: Tensor) -> Tensor:
        return (x + x.mean((2, 3), keepdim=True)) / 2


@pytest.fixture(autouse=True)
def small_crops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "CROP", 96)


def files(memory: int | None, generator: nn.Module | None = None) -> ImageFiles:
    torch.manual_seed(0)
    generator = generator or ResNetGenerator(filters=8, blocks=1, init="normal", init_gain=0.1)
    return ImageFiles(TranslationNetwork(generator, memory=memory), Reader(), Reader(), training_size=64)


def shown(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image).astype(int)


def both(source: Path, target: Path) -> tuple[Path, Path]:
    """Translate a file as a whole and in tiles."""
    whole = target.with_name(f"whole{target.suffix}")
    files(None).translate(source, whole)
    files(MEMORY).translate(source, target)
    return whole, target


@pytest.mark.parametrize(("source", "target"), [("x.tif", "y.tif"), ("x.png", "y.png"), ("x.jpg", "y.bmp")])
def test_a_file_in_tiles_becomes_what_it_becomes_as_a_whole(source: str, target: str, tmp_path: Path):
    Image.fromarray(SMOOTH).save(tmp_path / source)
    whole, tiled = (shown(each) for each in both(tmp_path / source, tmp_path / target))
    assert tiled.shape == (290, 331, 3)
    assert np.abs(tiled - whole).mean() < 0.3


def test_depth_transparency_and_profile_are_kept(tmp_path: Path):
    deep = np.dstack([SMOOTH.astype(np.uint16) * 257, np.full(SMOOTH.shape[:2], 40_000, np.uint16)])
    options = {"photometric": "rgb", "extrasamples": ["unassalpha"], "rowsperstrip": 32, "compression": "zlib"}
    tifffile.imwrite(tmp_path / "x.tif", deep, iccprofile=b"profile", **options)
    whole, tiled = (Reader().image(each) for each in both(tmp_path / "x.tif", tmp_path / "y.tif"))
    assert tiled.dtype == np.uint16
    assert tiled.profile == b"profile"
    assert np.array_equal(tiled.alpha, deep[:, :, 3])
    assert np.abs(np.asarray(tiled.pixels) - np.asarray(whole.pixels)).mean() < 0.3 / 255


def test_a_large_image_is_read_in_parts_even_where_memory_suffices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(image_files, "MOST_WHOLE", 1000)
    monkeypatch.setattr(Reader, "image", None)  # reads files as a whole
    Image.fromarray(SMOOTH).save(tmp_path / "x.png")
    files(None).translate(tmp_path / "x.png", tmp_path / "y.png")
    assert shown(tmp_path / "y.png").shape == (290, 331, 3)


def test_a_generator_that_cannot_be_tiled_translates_a_large_image_as_a_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    Image.fromarray(SMOOTH).save(tmp_path / "x.png")
    monkeypatch.setattr(image_files, "MOST_WHOLE", 1000)
    files(None, Pooled()).translate(tmp_path / "x.png", tmp_path / "y.png")
    assert shown(tmp_path / "y.png").shape == (290, 331, 3)
    message = r"x\.png, 331 x 290 pixels, does not fit into memory \(in tiles it would fall apart.*--size 64\.$"
    with pytest.raises(DataError, match=message):
        files(2 * 2**20, Pooled()).translate(tmp_path / "x.png", tmp_path / "z.png")
    assert not (tmp_path / "z.png").exists()


def test_a_damaged_image_leaves_no_output(tmp_path: Path):
    tifffile.imwrite(tmp_path / "x.tif", SMOOTH, photometric="rgb", tile=(128, 128), compression="zlib")
    with tifffile.TiffFile(tmp_path / "x.tif") as file:
        start, count = file.pages[0].dataoffsets[-1], file.pages[0].databytecounts[-1]
    content = bytearray((tmp_path / "x.tif").read_bytes())
    content[start : start + count] = bytes(count)
    (tmp_path / "x.tif").write_bytes(content)
    with pytest.raises(DataError, match=r"^the image \S+x\.tif cannot be read"):
        files(MEMORY).translate(tmp_path / "x.tif", tmp_path / "y.tif")
    assert [each.name for each in tmp_path.iterdir()] == ["x.tif"]


def test_the_advice_about_the_size_is_given_once(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    Image.fromarray(SMOOTH).save(tmp_path / "x.png")
    with caplog.at_level(logging.WARNING):
        files(MEMORY).translate(tmp_path / "x.png", tmp_path / "y.png")
    assert len([each for each in caplog.messages if "consider --size 64" in each]) == 1
