"""Images keep their kind, size, depth and mode, by the rules of files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from torch import Tensor, nn

from i2ikit.errors import DataError, ShapeError
from i2ikit.images import Reader
from i2ikit.inference import Translator
from i2ikit.inference.image_kinds import prepare

RNG = np.random.default_rng(0)


class Same(nn.Module):
    """Returns its input."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.in_channels = channels

    def forward(self, x: Tensor) -> Tensor:
        return x


class Many(Same):
    """Returns five channels."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :1].expand(-1, 5, -1, -1)


def same(channels: int = 3, **reading: Any) -> Translator:
    return Translator(Same(channels), source=Reader(channels, **reading))


def random_image(*shape: int, dtype: Any = np.uint8) -> np.ndarray:
    if np.dtype(dtype).kind == "f":
        return RNG.random(shape).astype(dtype)
    return RNG.integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


def pillow(mode: str) -> Image.Image:
    if mode == "F":
        return Image.fromarray(random_image(9, 12, dtype=np.float32))
    if mode in ("I", "I;16"):
        deep = random_image(9, 12, dtype=np.uint16)
        return Image.fromarray(deep.astype(np.int32) if mode == "I" else deep)
    rgba = Image.fromarray(random_image(9, 12, 4))
    return rgba.convert(mode) if mode in ("LA", "RGBA", "RGBa") else rgba.convert("RGB").convert(mode)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32, np.float64, ">u2"])
def test_arrays_keep_values_and_type(dtype: Any, channels: int) -> None:
    image = random_image(9, 12, channels, dtype=np.uint16).astype(dtype) if dtype == ">u2" else None
    image = random_image(9, 12, channels, dtype=dtype) if image is None else image
    output = same(channels)(image)
    assert (output.shape, output.dtype) == (image.shape, np.dtype(dtype).newbyteorder("="))
    assert np.allclose(output, image, rtol=0, atol=1e-3 if dtype == np.float16 else 1e-6)


def test_an_array_without_an_axis_of_channels_keeps_its_axes_where_the_generator_is_gray() -> None:
    image = random_image(9, 12)
    assert np.array_equal(same(1)(image), image)
    assert np.array_equal(same(3)(image), np.repeat(image[:, :, None], 3, axis=2))
    assert same(1)(image[:, ::-1]).shape == (9, 12)  # a view


def test_arrays_and_files_of_them_give_the_same_output(tmp_path: Path) -> None:
    for image in (random_image(9, 12, 4), random_image(9, 12), random_image(9, 12, 3), random_image(9, 12, 2)):
        Image.fromarray(image if image.shape[2:] != (2,) else image[:, :, 0]).save(tmp_path / "x.png")
        if image.shape[2:] == (2,):
            Image.fromarray(image, "LA").save(tmp_path / "x.png")
        for channels in (1, 3):
            from_file, from_array = same(channels)(tmp_path / "x.png"), same(channels)(image)
            assert np.array_equal(np.asarray(from_file).reshape(from_array.shape), from_array)


def test_a_network_sees_a_transparent_array_on_the_background_of_the_training() -> None:
    image = np.zeros((1, 1, 4), np.uint8)
    assert prepare(image, Reader(3), Reader(3)).x.flatten().tolist() == [1, 1, 1]  # white
    assert prepare(image, Reader(3, alpha="black"), Reader(3)).x.flatten().tolist() == [-1, -1, -1]
    assert prepare(image, Reader(4, alpha="keep"), Reader(3)).x.flatten().tolist() == [-1, -1, -1, -1]
    opaque = random_image(9, 12, 4)
    opaque[:, :, 3] = 255
    assert np.array_equal(same(3)(opaque), opaque)
    assert np.array_equal(same(4, alpha="keep")(opaque), opaque)
    assert np.array_equal(same(4)(opaque), opaque)  # four channels that are not colors


def test_arrays_have_the_range_of_the_data() -> None:
    scan = np.array([[-1000, 0, 3000]], np.int16)
    found = prepare(scan, Reader(1, value_range=(-1000, 3000)), Reader(1))
    assert found.x.flatten().tolist() == pytest.approx([-1, -0.5, 1])
    assert np.array_equal(same(1, value_range=(-1000, 3000))(scan), scan)
    assert same(1, value_range=(0, 255))(np.array([[0.0, 99.0]])) == pytest.approx(np.array([[0, 99]]))


@pytest.mark.parametrize(
    ("mode", "gray", "color"),
    [
        *[("1", "L", "RGB"), ("L", "L", "RGB"), ("LA", "LA", "RGBA"), ("P", "L", "RGB"), ("RGB", "L", "RGB")],
        *[("RGBA", "LA", "RGBA"), ("RGBa", "LA", "RGBA"), ("CMYK", "L", "RGB"), ("YCbCr", "L", "RGB")],
        *[("I;16", "I;16", "RGB"), ("I", "I", "RGB"), ("F", "F", "RGB")],
    ],
)
def test_images_of_pillow_keep_their_size_and_the_mode_that_the_channels_allow(
    mode: str, gray: str, color: str
) -> None:
    image = pillow(mode)
    before = image.tobytes(), dict(image.info)
    one, three = same(1)(image), same(3)(image)
    assert (one.mode, three.mode) == (gray, color)
    assert one.size == three.size == (12, 9)
    if gray == mode != "LA":  # partly transparent colors pass through their look on white, in 8 bits
        assert np.allclose(np.asarray(one), np.asarray(image), rtol=0, atol=1e-6 if mode == "F" else 0)
    if color == mode == "RGB":
        assert three.tobytes() == image.tobytes()
    assert (image.tobytes(), dict(image.info)) == before


def test_an_image_of_pillow_gives_what_its_file_gives(tmp_path: Path) -> None:
    for mode, extension in (
        ("RGB", "png"),
        ("L", "png"),
        ("P", "png"),
        ("RGBA", "png"),
        ("CMYK", "tif"),
        ("I;16", "png"),
    ):
        image = pillow(mode)
        image.save(tmp_path / f"x.{extension}")
        for channels in (1, 3) if mode != "I;16" else (1,):
            from_file, from_memory = same(channels)(tmp_path / f"x.{extension}"), same(channels)(image)
            assert from_file.mode == from_memory.mode
            assert from_file.tobytes() == from_memory.tobytes()


def test_pillow_images_are_turned_upright_and_keep_their_color_profile(tmp_path: Path) -> None:
    image = pillow("RGB")
    exif = Image.Exif()
    exif[274] = 6  # to be turned by 90 degrees
    image.save(tmp_path / "x.png", exif=exif, icc_profile=b"profile")
    with Image.open(tmp_path / "x.png") as opened:
        output = same()(opened)
    assert output.tobytes() == image.transpose(Image.Transpose.ROTATE_270).tobytes()
    assert output.info == {"icc_profile": b"profile"}
    assert 274 not in output.getexif()


def test_deep_color_of_pillow_is_reduced_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    deep = Image.fromarray(np.array([[0, 257 * 200]], np.uint16))
    assert np.asarray(same(3)(deep)).tolist() == [[[0] * 3, [200] * 3]]
    assert caplog.messages == ["Pillow holds no uint16 color: reduced to 8 bits. Give a NumPy array to keep them."]


def test_integers_of_pillow_beyond_sixteen_bits_are_not_wrapped() -> None:
    with pytest.raises(DataError, match="holds values from 0 to 70000, but the range of the data is 0 to 65535"):
        same(1)(Image.fromarray(np.array([[0, 70000]], np.int32)))


def test_files_that_pillow_cannot_hold_come_back_as_arrays(tmp_path: Path) -> None:
    deep = random_image(9, 12, 3, dtype=np.uint16)
    tifffile.imwrite(tmp_path / "deep.tif", deep, photometric="rgb")
    output = same(3)(tmp_path / "deep.tif")
    assert output.dtype == np.uint16
    assert np.array_equal(output, deep)
    Image.fromarray(deep[:, :, 0]).save(tmp_path / "gray.png")
    assert same(1)(tmp_path / "gray.png").mode == "I;16"
    five = random_image(9, 12, 5)
    np.save(tmp_path / "five.npy", five)
    assert np.array_equal(same(5)(tmp_path / "five.npy"), five)


def test_more_channels_than_pillow_holds_are_an_error_for_its_images() -> None:
    translate = Translator(Many(), target=Reader(5))
    with pytest.raises(DataError, match=r"^Pillow holds no image with 5 channels, .* Give a NumPy array\."):
        translate(pillow("RGB"))
    assert translate(random_image(9, 12, 3)).shape == (9, 12, 5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 3, 4, 5)])
def test_floating_tensors_keep_values_type_and_axes(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    x = (torch.rand(shape, generator=torch.Generator().manual_seed(0)) * 2 - 1).to(dtype)
    output = same()(x.requires_grad_())
    assert (output.dtype, output.device, output.requires_grad) == (dtype, x.device, False)
    assert torch.equal(output, x)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16])
def test_integer_tensors_have_the_range_and_the_channels_of_arrays(dtype: torch.dtype) -> None:
    for shape in ((3, 4, 5), (2, 3, 4, 5)):
        x = torch.from_numpy(random_image(*shape, dtype=np.uint8)).to(dtype)
        output = same()(x)
        assert (output.dtype, output.shape) == (dtype, x.shape)
        assert output.tolist() == x.tolist()
    assert same()(torch.zeros(1, 4, 5, dtype=dtype)).shape == (3, 4, 5)
    assert same()(torch.zeros(4, 4, 5, dtype=dtype)).shape == (4, 4, 5)  # opacity is kept


BYTES, NAN = np.uint8, float("nan")


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (None, TypeError, r"no image, but NoneType\. A Translator takes a path, an image of Pillow, a NumPy array"),
        (b"x", TypeError, r"no image, but bytes\. .* Open the bytes of a file with PIL\.Image\.open"),
        (iter([]), TypeError, r"no image, but list_iterator\. .* Translator\.stream takes an iterator"),
        ("missing.png", DataError, r"the image missing\.png does not exist"),
        (".", DataError, r"\. is a folder, not an image"),
        (
            np.zeros((3, 50, 75), BYTES),
            ShapeError,
            r"1 to 4 channels .* got \(3, 50, 75\)\. If channels are first, move",
        ),
        (np.zeros((5, 5, 7), BYTES), ShapeError, r"1 to 4 channels .* in its last axis, got \(5, 5, 7\)\.$"),
        (np.zeros((0, 5, 3), BYTES), ShapeError, r"is \(H, W\) or \(H, W, C\), not empty, got \(0, 5, 3\)"),
        (np.array(1.0), ShapeError, r"is \(H, W\) or \(H, W, C\), not empty, got \(\)"),
        (np.zeros((0, 5, 5, 3), BYTES), ShapeError, r"not empty, got \(0, 5, 5, 3\)"),
        (
            np.zeros((5, 5), int),
            TypeError,
            r"array is uint8 in 0\.\.255, uint16 in 0\.\.65535, or float16, .* not int64",
        ),
        (np.zeros((5, 5), bool), TypeError, r"float64 in 0\.\.1, not bool"),
        (np.full((5, 5), NAN), DataError, r"float64 array \(5, 5\) holds values that are not finite"),
        (np.full((5, 5), 9.0), DataError, r"from 9 to 9, but a floating-point array is in 0\.\.1\. .*value_range="),
        (torch.zeros(3, 4), ShapeError, r"is \(C, H, W\) or \(B, C, H, W\), not empty, got \(3, 4\)"),
        (torch.zeros(3, 0, 4), ShapeError, r"not empty, got \(3, 0, 4\)"),
        (torch.zeros(1, 4, 4), ShapeError, r"has 3 channels: \(3, H, W\) or \(B, 3, H, W\), got \(1, 4, 4\)"),
        (torch.zeros(5, 4, 7, dtype=torch.uint8), ShapeError, r"has 1 to 4 channels: .* got \(5, 4, 7\)\.$"),
        (torch.zeros(9, 7, 3, dtype=torch.uint8), ShapeError, r"\(9, 7, 3\)\. If channels are last, .*torch\.movedim"),
        (torch.zeros(9, 7, 3), ShapeError, r"got \(9, 7, 3\)\. If channels are last, move them: torch\.movedim"),
        ("clip.mp4", DataError, r"clip\.mp4 is a video: Translator\.file\(input, output\) translates all"),
        (torch.zeros(3, 4, 4, dtype=torch.int64), TypeError, r"floating point in -1\.\.1, uint8 .* not torch\.int64"),
        (torch.zeros(3, 4, 4).to(torch.float8_e4m3fn), TypeError, r"floating point in -1\.\.1, .* not torch\.float8"),
        (torch.full((3, 4, 4), NAN), DataError, "not finite"),
        (torch.full((3, 4, 4), float("inf")), DataError, "not finite"),
        (torch.full((3, 4, 4), 255.0), DataError, r"from 255 to 255, but a floating-point tensor is in -1\.\.1"),
        (torch.zeros(3, 4, 4, device="meta"), TypeError, "dense and holds values; this one is torch.strided on meta"),
        (torch.zeros(3, 4, 4).to_sparse(), TypeError, "this one is torch.sparse_coo on cpu"),
        (Image.new("RGB", (0, 0)), ShapeError, "is empty"),
    ],
)
def test_what_is_no_image_is_answered_with_what_is_accepted(image: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        same()(image)


def test_floats_that_rounding_put_outside_of_the_range_are_clipped() -> None:
    image = np.linspace(-1e-7, 1.0000001, 75, dtype=np.float32).reshape(5, 5, 3)
    assert np.array_equal(same()(image), same()(image.clip(0, 1)))
    with pytest.raises(DataError, match=r"from 0 to 1\.01, but a floating-point array"):
        same()(np.array([[0, 1.01]]))


def test_a_damaged_image_of_pillow_is_one_error(tmp_path: Path) -> None:
    pillow("RGB").save(tmp_path / "x.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "x.png").read_bytes()[:100])
    with Image.open(tmp_path / "cut.png") as image, pytest.raises(DataError, match=r"cut\.png cannot be read: "):
        same()(image)
    with pytest.raises(DataError, match="cannot be read: "):
        same()(image)  # closed
