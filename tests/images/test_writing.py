from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from i2ikit.errors import DataError, RunError
from i2ikit.images import DecodedImage, Reader, writable_extensions, write_image

LOSSLESS = [".png", ".webp", ".tif", ".TIFF", ".bmp", ".ppm", ".tga", ".jp2"]


def noise(width: int = 12, height: int = 9) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def same(one: object, other: Image.Image) -> bool:
    assert isinstance(one, Image.Image)
    return one.mode == other.mode and one.size == other.size and one.tobytes() == other.tobytes()


@pytest.mark.parametrize("extension", LOSSLESS)
def test_lossless_formats_keep_all_values(tmp_path: Path, extension: str):
    path = tmp_path / f"image{extension}"
    if extension.lower() not in writable_extensions():
        pytest.skip(f"this Pillow writes no {extension}")
    write_image(DecodedImage(noise()), path)
    assert same(Reader().image(path).pixels, noise())


def test_jpegs_are_written_at_quality_95_with_full_color_resolution(tmp_path: Path):
    write_image(DecodedImage(noise()), tmp_path / "ours.JPEG")
    noise().save(tmp_path / "theirs.jpg", quality=95, subsampling=0)
    assert (tmp_path / "ours.JPEG").read_bytes() == (tmp_path / "theirs.jpg").read_bytes()


def test_transparency_is_turned_together_with_the_image(tmp_path: Path):
    exif, image = Image.Exif(), noise().convert("RGBA")
    exif[0x0112] = 6
    image.putalpha(noise().getchannel("R"))
    image.save(tmp_path / "sideways.png", exif=exif)
    alpha = Reader().image(tmp_path / "sideways.png").alpha
    assert alpha is not None
    assert same(Image.fromarray(alpha), noise().getchannel("R").transpose(Image.Transpose.ROTATE_270))


@pytest.mark.parametrize("extension", [".png", ".webp", ".tif", ".tga"])
def test_transparency_survives_in_formats_that_hold_it(tmp_path: Path, extension: str):
    alpha = noise().getchannel("R")
    write_image(DecodedImage(noise(), np.asarray(alpha)), tmp_path / f"glass{extension}")
    found = Reader().image(tmp_path / f"glass{extension}").alpha
    assert found is not None
    assert same(Image.fromarray(found), alpha)


def test_a_jpeg_of_a_transparent_image_is_opaque(tmp_path: Path):
    write_image(DecodedImage(noise(), np.asarray(noise().getchannel("R"))), tmp_path / "glass.jpg")
    with Image.open(tmp_path / "glass.jpg") as image:
        assert image.mode == "RGB"


SHADOW = np.array([[[0, 0, 0, 0], [0, 0, 0, 40], [10, 20, 30, 128], [10, 20, 30, 255]]], dtype=np.uint8)
ON_WHITE = [[255] * 3, [215] * 3, [132, 137, 142], [10, 20, 30]]  # 255 - 40 = 215


def shadow(folder: Path, **options: Any) -> DecodedImage:
    Image.fromarray(SHADOW).save(folder / "shadow.png")
    return Reader(**options).image(folder / "shadow.png")


def test_translation_sees_the_pixels_that_training_sees(tmp_path: Path):
    pixels = shadow(tmp_path).pixels
    assert np.asarray(pixels)[0].tolist() == ON_WHITE
    assert same(pixels, Reader()(tmp_path / "shadow.png"))


@pytest.mark.parametrize("extension", [".bmp", ".ppm"])
def test_a_format_without_transparency_shows_the_image_on_the_background(tmp_path: Path, extension: str):
    write_image(shadow(tmp_path), tmp_path / f"out{extension}")
    assert np.asarray(Image.open(tmp_path / f"out{extension}"))[0].tolist() == ON_WHITE
    write_image(shadow(tmp_path, channels=4, alpha="keep"), tmp_path / f"kept{extension}")
    assert np.asarray(Image.open(tmp_path / f"kept{extension}"))[0].tolist() == ON_WHITE


@pytest.mark.parametrize("extension", [".png", ".webp", ".tif", ".tga"])
def test_a_format_with_transparency_keeps_it_and_looks_the_same_on_the_background(tmp_path: Path, extension: str):
    image = shadow(tmp_path)
    write_image(image, tmp_path / f"out{extension}")
    found = np.asarray(Image.open(tmp_path / f"out{extension}"))
    assert np.array_equal(found[:, :, 3], SHADOW[:, :, 3])
    assert np.abs(found[0, 1:, :3].astype(int) - SHADOW[0, 1:, :3]).max() <= 1
    assert np.array_equal(np.asarray(Reader()(tmp_path / f"out{extension}")), np.asarray(image.pixels))


def test_a_gif_writes_partly_transparent_pixels_on_the_background(tmp_path: Path):
    write_image(shadow(tmp_path), tmp_path / "out.gif")
    with Image.open(tmp_path / "out.gif") as written:
        found = np.asarray(written.convert("RGBA"))[0]
    assert found[:, 3].tolist() == [0, 255, 255, 255]
    assert found[1:, :3].tolist() == ON_WHITE[1:]


def test_the_stored_colors_stay_where_training_ignores_transparency(tmp_path: Path):
    write_image(shadow(tmp_path, alpha="ignore"), tmp_path / "out.png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out.png")), SHADOW)
    write_image(shadow(tmp_path, alpha="ignore"), tmp_path / "out.bmp")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out.bmp")), SHADOW[:, :, :3])


def test_sixteen_bits_look_the_same_on_the_background(tmp_path: Path):
    deep_shadow = SHADOW.astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "x.tif", deep_shadow, photometric="rgb", extrasamples=["unassalpha"])
    for name in ("out.tif", "out.png"):
        write_image(Reader().image(tmp_path / "x.tif"), tmp_path / name)
        found = Reader(4, alpha="keep").image(tmp_path / name)
        assert np.abs(np.asarray(found.pixels)[0, 1:] * 65535 - deep_shadow[0, 1:]).max() <= 1


def test_the_profile_is_kept_only_with_its_colors(tmp_path: Path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    noise().save(tmp_path / "color.png", icc_profile=profile)
    noise().convert("L").save(tmp_path / "gray.png", icc_profile=profile)
    assert Reader().image(tmp_path / "color.png").profile == profile
    assert Reader().image(tmp_path / "gray.png").profile is None
    write_image(Reader().image(tmp_path / "color.png"), tmp_path / "again.jpg")
    assert Reader().image(tmp_path / "again.jpg").profile == profile


def test_a_failed_write_leaves_only_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "out.png"
    path.write_bytes(b"old")

    def full_disk(path: Path, target: Path) -> Path:
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(RunError, match=r"cannot write .*out\.png: No space left"):
        write_image(DecodedImage(noise()), path)
    monkeypatch.undo()
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("out.png", b"old")]


def wide(channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 65536, (9, 12, channels), dtype=np.uint16)


def deep(values: np.ndarray, **about: Any) -> DecodedImage:
    return DecodedImage(values.astype(np.float32) / 65535, dtype=np.dtype(np.uint16), limits=(0, 65535), **about)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize("extension", [".png", ".tif"])
def test_sixteen_bits_keep_all_values(tmp_path: Path, channels: int, transparent: bool, extension: str):
    alpha = wide()[:, :, 0] if transparent else None
    path = tmp_path / f"deep{extension}"
    write_image(deep(wide(channels), alpha=alpha), path)
    found = Reader(channels, alpha="ignore").image(path)
    assert found.dtype == np.uint16
    assert np.array_equal(np.rint(np.asarray(found.pixels, np.float64) * 65535), wide(channels))
    assert (found.alpha is None) == (alpha is None)
    if alpha is not None:
        assert np.array_equal(found.alpha, alpha)


def test_deep_colors_keep_their_profile(tmp_path: Path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name in ("x.png", "x.tif"):
        write_image(deep(wide(), profile=profile), tmp_path / name)
        assert Reader().image(tmp_path / name).profile == profile
        with Image.open(tmp_path / name) as image:
            assert image.info["icc_profile"] == profile


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("extension", [".png", ".tif"])
def test_kept_transparency_is_written_as_transparency(tmp_path: Path, mode: str, extension: str):
    glass = noise().convert("RGBA")
    glass.putalpha(noise().getchannel("R"))
    glass = glass.convert(mode)
    glass.save(tmp_path / "in.png")
    write_image(Reader(len(mode), alpha="keep").image(tmp_path / "in.png"), tmp_path / f"out{extension}")
    with Image.open(tmp_path / f"out{extension}") as image:
        assert same(image, glass)


def test_what_a_format_cannot_hold_is_reduced_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    write_image(deep(wide()), tmp_path / "x.bmp")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "x.bmp")), np.rint(wide() / 257).astype(np.uint8))
    assert "x.bmp: BMP cannot hold uint16; its range is reduced to 8 bits" in caplog.text
    floating = DecodedImage(wide(1) / np.float32(65535), dtype=np.dtype(np.float32), limits=(-1, 1))
    write_image(floating, tmp_path / "x.png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "x.png")), wide(1)[:, :, 0])
    assert "x.png: PNG cannot hold float32; its range is reduced to 16 bits" in caplog.text


def test_more_channels_than_a_format_holds_are_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"x\.png: \.png does not hold 5 channels\. Use the extension \.tif or \.npy"):
        write_image(deep(wide(5)), tmp_path / "x.png")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("layout", ["last", "first", "pages"])
def test_planes_are_stored_as_they_were(tmp_path: Path, layout: str):
    write_image(deep(wide(5), layout=layout), tmp_path / "x.tif")
    found = Reader(5).image(tmp_path / "x.tif")
    assert found.layout == layout
    assert np.array_equal(np.rint(np.asarray(found.pixels, np.float64) * 65535), wide(5))
