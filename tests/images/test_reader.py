import re
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from i2ikit.errors import DataError
from i2ikit.images import Reader


def save(path: Path, image: Image.Image | None = None, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    (image or Image.new("RGB", (2, 2))).save(path, **options)
    return path


def shallow(path: Path, reader: Reader | None = None) -> Image.Image:
    """Return the pixels of a file that should stay an image of Pillow."""
    found = (reader or Reader())(path)
    assert isinstance(found, Image.Image)
    return found


def deep(path: Path, reader: Reader | None = None) -> NDArray[np.float32]:
    """Return the pixels of a file that should become an array."""
    found = (reader or Reader())(path)
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.float32
    return found


def test_exif_orientation_turns_the_image_upright(tmp_path: Path) -> None:
    image = Image.new("RGB", (3, 2))
    image.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: to be turned by 90 degrees clockwise for display
    upright = shallow(save(tmp_path / "x.png", image, exif=exif))
    assert upright.size == (2, 3)
    assert upright.getpixel((1, 0)) == (255, 255, 255)


PALETTE = b"\x0a\x14\x1e\x28\x32\x3c"  # (10, 20, 30), (40, 50, 60)


@pytest.mark.parametrize(
    ("mode", "pixels", "expected"),
    [
        ("RGB", [(10, 20, 30), (40, 50, 60)], [(10, 20, 30), (40, 50, 60)]),
        ("P", [1, 0], [(40, 50, 60), (10, 20, 30)]),
        ("P with transparency", [1, 0], [(40, 50, 60), (255, 255, 255)]),
        ("RGBA", [(200, 100, 0, 0), (200, 100, 0, 51)], [(255, 255, 255), (244, 224, 204)]),  # 51 is a fifth
        ("CMYK", [(0, 255, 255, 0), (0, 0, 0, 0)], [(255, 0, 0), (255, 255, 255)]),  # magenta and yellow ink: red
        ("L", [77, 78], [(77, 77, 77), (78, 78, 78)]),
        ("1", [0, 1], [(0, 0, 0), (255, 255, 255)]),
    ],
)
def test_eight_bits_become_rgb_on_white(tmp_path: Path, mode: str, pixels: list[Any], expected: list[Any]) -> None:
    image = Image.new(mode.split()[0], (2, 1))
    image.putdata(pixels)
    if mode.startswith("P"):
        image.putpalette(PALETTE)
    path = tmp_path / ("x.tif" if mode == "CMYK" else "x.png")
    rgb = shallow(save(path, image, **({"transparency": 0} if "with" in mode else {})))
    assert [rgb.getpixel((x, 0)) for x in range(2)] == expected


@pytest.mark.parametrize("extension", ["png", "tif"])
def test_sixteen_bit_gray_keeps_its_depth_in_three_equal_channels(tmp_path: Path, extension: str) -> None:
    gray = np.array([[0, 257 * 100, 257 * 100 + 1, 65535]], dtype=np.uint16)
    found = deep(save(tmp_path / f"x.{extension}", Image.fromarray(gray)))
    assert found.shape == (1, 4, 3)
    assert np.allclose(found, (gray / 65535)[:, :, None], atol=1e-7)
    assert len(np.unique(found)) == 4


def test_floating_point_gray_has_the_range_zero_to_one(tmp_path: Path) -> None:
    gray = np.array([[0.0, 0.2, 1.0]], dtype=np.float32)
    assert np.array_equal(deep(save(tmp_path / "x.tif", Image.fromarray(gray)), Reader(1))[:, :, 0], gray)


@pytest.mark.parametrize("values", [[0, -3], [0, 70000]])
def test_values_out_of_range_are_refused_with_the_key_to_set(tmp_path: Path, values: list[int]) -> None:
    path = save(tmp_path / "x.tif", Image.fromarray(np.array([values], dtype=np.int32)))
    found = rf"x\.tif holds values from {min(values)} to {max(values)}, .* is 0 to 65535\. .*data\.value_range in"
    with pytest.raises(DataError, match=found):
        Reader(1)(path)


@pytest.mark.parametrize("values", [[7.0, 7.0], [0.113034, 299.8551], [-3.00001, 0.5], [1.0000001, 1e9]])
def test_the_range_in_the_message_holds_all_values(tmp_path: Path, values: list[float]) -> None:
    np.save(tmp_path / "x.npy", np.array([values], np.float64))
    with pytest.raises(DataError, match="--value-range=") as caught:
        Reader(1)(tmp_path / "x.npy")
    wide = re.search(r"--value-range=(\S+),(\S+)`", str(caught.value))
    assert wide is not None
    low, high = map(float, wide.groups())
    assert low <= min(*values, 0) <= max(*values, 1) <= high
    Reader(1, value_range=(low, high))(tmp_path / "x.npy")


COLORED = np.random.default_rng(0).integers(0, 256, (5, 4, 3), dtype=np.uint8)


def test_colors_become_gray_as_pillow_does_it(tmp_path: Path) -> None:
    image = Image.fromarray(COLORED)
    gray = np.asarray(image.convert("L"))
    assert np.array_equal(np.asarray(shallow(save(tmp_path / "x.png", image), Reader(1))), gray)
    wide = COLORED.astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "x.tif", wide, photometric="rgb")
    found = deep(tmp_path / "x.tif", Reader(1))
    assert np.abs(found[:, :, 0] - gray / 255).max() < 0.51 / 255


@pytest.mark.parametrize(
    ("policy", "expected"), [("white", (244, 224, 204)), ("black", (40, 20, 0)), ("ignore", (200, 100, 0))]
)
def test_every_depth_follows_the_alpha_policy(tmp_path: Path, policy: str, expected: tuple[int, int, int]) -> None:
    image = Image.new("RGBA", (1, 1), (200, 100, 0, 51))  # a fifth
    reader = Reader(alpha=policy)
    assert shallow(save(tmp_path / "x.png", image), reader).getpixel((0, 0)) == expected
    wide = np.array([[[200, 100, 0, 51]]], np.uint16) * 257
    tifffile.imwrite(tmp_path / "x.tif", wide, photometric="rgb", extrasamples=["unassalpha"])
    assert np.allclose(deep(tmp_path / "x.tif", reader)[0, 0] * 255, expected, atol=0.01)


@pytest.mark.parametrize(("mode", "channels"), [("RGBA", 4), ("LA", 2)])
def test_kept_transparency_is_the_last_channel_and_opaque_files_have_it_too(
    tmp_path: Path, mode: str, channels: int
) -> None:
    reader = Reader(channels, alpha="keep")
    glass = Image.fromarray(np.dstack([COLORED, COLORED[:, :, 0]])).convert(mode)
    found = deep(save(tmp_path / "glass.png", glass), reader)
    assert np.array_equal((found * 255).round(), np.asarray(glass))
    assert (deep(save(tmp_path / "wall.png", Image.fromarray(COLORED)), reader)[:, :, -1] == 1).all()


def test_a_range_applies_to_any_type(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[-1000, 500, 2000]], np.int16))
    reader = Reader(1, value_range=[-1000, 2000])
    assert deep(tmp_path / "x.npy", reader).flatten().tolist() == [0, 0.5, 1]
    bytes_ = save(tmp_path / "x.png", Image.fromarray(np.array([[0, 100]], np.uint8)))
    assert deep(bytes_, Reader(1, value_range=[0, 200])).flatten().tolist() == [0, 0.5]


def test_values_outside_are_clipped_on_request(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[-5.0, 0.5, 7.0]]))
    assert deep(tmp_path / "x.npy", Reader(1, clip=True)).flatten().tolist() == [0, 0.5, 1]
    with pytest.raises(DataError, match=r"values from -5 to 7, .* is 0 to 1\. .*data\.clip=true"):
        Reader(1)(tmp_path / "x.npy")


def test_bytes_in_an_array_take_the_published_path(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", COLORED)
    assert np.array_equal(np.asarray(shallow(tmp_path / "x.npy")), COLORED)


def test_white_is_zero_is_inverted(tmp_path: Path) -> None:
    values = np.array([[0, 65535, 1000]], np.uint16)
    tifffile.imwrite(tmp_path / "x.tif", np.stack([values] * 5), photometric="miniswhite", planarconfig="separate")
    assert np.allclose(deep(tmp_path / "x.tif", Reader(5))[0, :, 0] * 65535, [65535, 0, 64535], atol=0.01)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_deep_files_are_turned_as_pillow_turns_shallow_ones(tmp_path: Path, orientation: int) -> None:
    tag = (274, "H", 1, orientation, True)
    tifffile.imwrite(tmp_path / "deep.tif", COLORED.astype(np.uint16) * 257, photometric="rgb", extratags=[tag])
    tifffile.imwrite(tmp_path / "flat.tif", COLORED, photometric="rgb", extratags=[tag])
    found = deep(tmp_path / "deep.tif")
    assert np.array_equal((found * 255).round(), np.asarray(shallow(tmp_path / "flat.tif")))


def test_pages_are_channels_if_there_are_as_many(tmp_path: Path) -> None:
    pages = np.random.default_rng(0).integers(0, 256, (4, 5, 6), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "x.tif", pages, photometric="minisblack")
    assert np.array_equal((deep(tmp_path / "x.tif", Reader(4)) * 255).round(), pages.transpose(1, 2, 0))
    assert np.array_equal(np.asarray(shallow(tmp_path / "x.tif", Reader(1))), pages[0])
    with pytest.raises(DataError, match=r"x\.tif is gray or RGB, which does not fit data\.channels=7"):
        Reader(7)(tmp_path / "x.tif")


@pytest.mark.parametrize(
    ("mode", "channels", "advice"),
    [
        ("RGBA", 4, "set data.alpha=keep to read transparency as the last channel, or data.channels=3"),
        ("RGB", 4, "set data.alpha=keep to read transparency as the last channel, or data.channels=3"),
        ("LA", 2, "set data.alpha=keep to read transparency as the last channel, or data.channels=1"),
        ("RGBA", 5, "set data.channels=3 or data.channels=1"),
    ],
)
def test_transparency_is_no_channel_until_it_is_kept(tmp_path: Path, mode: str, channels: int, advice: str) -> None:
    path = save(tmp_path / "x.png", Image.new(mode, (2, 2)))
    with pytest.raises(DataError) as caught:
        Reader(channels)(path)
    assert (
        str(caught.value) == f"the image {path} is gray or RGB, which does not fit data.channels={channels}: {advice}"
    )
    if "alpha=keep" in advice:
        assert deep(path, Reader(channels, alpha="keep")).shape == (2, 2, channels)
    assert shallow(path, Reader(1)).mode == "L"
    assert shallow(path, Reader(3)).mode == "RGB"


@pytest.mark.parametrize(
    ("module", "name"), [("tifffile", "x.tif"), ("cv2", "x.png")], ids=["without tifffile", "without OpenCV"]
)
def test_a_missing_library_is_named_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, name: str
) -> None:
    values = COLORED.astype(np.uint16)
    if name.endswith("tif"):
        tifffile.imwrite(tmp_path / name, values, photometric="rgb")
    else:
        cv2.imwrite(str(tmp_path / name), values)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DataError, match=r"pip install (\"i2ikit\[tiff\]\"|opencv-python-headless)"):
        Reader()(tmp_path / name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": 0}, r"channels must be an integer in 1\.\.64, not 0"),
        ({"channels": 65}, r"channels must be an integer in 1\.\.64, not 65"),
        ({"value_range": [3, 1]}, r"value_range must be \[low, high\] with low below high, not \[3, 1\]"),
        ({"value_range": "0..1"}, r"value_range must be \[low, high\]"),
        ({"value_range": [0, float("inf")]}, r"value_range must be \[low, high\]"),
        ({"alpha": "whte"}, "alpha must be one of white, black, ignore, keep, not 'whte'.*'white'"),
        ({"alpha": "keep"}, r'alpha="keep" makes 2 channels \(gray\) or 4 \(RGB\), not channels=3'),
    ],
)
def test_arguments_out_of_range_are_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Reader(**arguments)
