"""Unusual and damaged files: each is read correctly, or refused with one error that names it; none blocks."""

import io
import os
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from i2ikit.errors import DataError
from i2ikit.images import Reader, list_images, readable_extensions
from i2ikit.images.files import read_header
from i2ikit.images.guarding import PILLOW_FORMATS
from i2ikit.report.page_images import read_image

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (40, 60, 3), dtype=np.uint8)
DEEP = RNG.integers(0, 65536, (40, 60, 3), dtype=np.uint16)
LONG = "x" * 240 + ".png"  # 244 of 255 bytes that names may have


def make_image(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(PIXELS).convert(mode)


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def tiff(values: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, **options)
    return file.getvalue()


def npy(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, values, allow_pickle=True)
    return file.getvalue()


def npz(**values: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **values)
    return file.getvalue()


def png_that_declares(width: int, height: int, *, depth: int = 8) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def deep_png() -> bytes:
    return cv2.imencode(".png", DEEP)[1].tobytes()


def zip_bomb(shape: str) -> bytes:
    """Return an archive of a few bytes whose array declares a shape of float64."""
    head = npy(np.zeros((1, 1, 3)))[:128].rstrip()
    declared = head.replace(b"(1, 1, 3)", shape.encode()).ljust(127) + b"\n"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", declared + bytes(2**16))
    return file.getvalue()


def sideways() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(make_image(), "JPEG", exif=exif)


def huge_npy() -> bytes:
    content = npy(np.zeros((2, 2, 3), np.uint8))
    return content.replace(b"(2, 2, 3), }", b"(99999, 99999, 3), }")


GIF = {"save_all": True, "append_images": [make_image("L").convert("P")] * 3, "duration": 10}
READ: dict[str, tuple[str, bytes, tuple[int, int]]] = {
    "gray": ("x.png", saved(make_image("L")), (60, 40)),
    "CMYK": ("x.jpg", saved(make_image("CMYK"), "JPEG"), (60, 40)),
    "1-bit": ("x.png", saved(make_image("1")), (60, 40)),
    "16-bit gray": ("x.png", saved(Image.fromarray(DEEP[:, :, 0])), (60, 40)),
    "16-bit color PNG": ("x.png", deep_png(), (60, 40)),
    "16-bit color TIFF": ("x.tif", tiff(DEEP, photometric="rgb"), (60, 40)),
    "16-bit color TIFF, compressed": ("x.tif", tiff(DEEP, photometric="rgb", compression="lzw"), (60, 40)),
    "float color TIFF": ("x.tif", tiff(RNG.random((40, 60, 3)), photometric="rgb"), (60, 40)),
    "channels as pages": ("x.tif", tiff(PIXELS.transpose(2, 0, 1), photometric="minisblack"), (60, 40)),
    "palette with transparency": ("x.png", saved(make_image("P"), transparency=3), (60, 40)),
    "palette with opacities": ("x.png", saved(make_image("P"), transparency=bytes(range(256))), (60, 40)),
    "gray with transparency": ("x.png", saved(make_image("LA")), (60, 40)),
    "turned by EXIF": ("x.jpg", sideways(), (40, 60)),
    "1 x 1": ("x.png", saved(make_image().resize((1, 1))), (1, 1)),
    "20000 x 3": ("x.png", saved(make_image().resize((20000, 3))), (20000, 3)),
    "3 x 20000": ("x.bmp", saved(make_image().resize((3, 20000)), "BMP"), (3, 20000)),
    "animated GIF": ("x.gif", saved(make_image("P"), "GIF", **GIF), (60, 40)),
    "a PNG called JPEG": ("x.jpg", saved(make_image()), (60, 40)),
    "CIELAB": ("x.tif", saved(make_image("LAB"), "TIFF"), (60, 40)),
    "non-ASCII name": ("zèbre 斑馬 🦓.png", saved(make_image()), (60, 40)),
    "very long name": (LONG, saved(make_image()), (60, 40)),
    "name like an option": ("-rf.png", saved(make_image()), (60, 40)),
    "upper-case extension": ("X.PNG", saved(make_image()), (60, 40)),
    "array of bytes": ("x.npy", npy(PIXELS), (60, 40)),
    "array, channels first": ("x.npz", npz(x=PIXELS.transpose(2, 0, 1)), (60, 40)),
    "broken EXIF": ("x.jpg", saved(make_image(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff"), (60, 40)),
}
REFUSED: dict[str, tuple[str, bytes, str]] = {
    "truncated JPEG": ("x.jpg", half(saved(make_image(), "JPEG")), "cannot be read: .*truncated"),
    "truncated PNG": ("x.png", half(saved(make_image())), "cannot be read"),
    "truncated WebP": ("x.webp", half(saved(make_image(), "WEBP")), "cannot be read"),
    "truncated 16-bit PNG": ("x.png", half(deep_png()), "cannot be read: Truncated"),
    "truncated TIFF": ("x.tif", half(tiff(DEEP, photometric="rgb")), "cannot be read"),
    "truncated array": ("x.npy", half(npy(PIXELS)), "cannot be read"),
    "zero bytes": ("x.png", b"", "is empty, 0 bytes"),
    "text named .png": ("x.png", b"Dear Sir or Madam", "not an image in a known format"),
    "text named .npy": ("x.npy", b"Dear Sir or Madam", "cannot be read"),
    "text named .npz": ("x.npz", b"Dear Sir or Madam", "cannot be read"),
    "page of an error named .jpg": ("x.jpg", b"<html>404</html>", "not an image"),
    "bomb": ("x.png", png_that_declares(60000, 60000), "is refused"),
    "16-bit bomb": ("x.png", png_that_declares(60000, 60000, depth=16), "is refused"),
    "array that declares a huge shape": ("x.npy", huge_npy(), "cannot be read|is refused"),
    "NaN in a float TIFF": ("x.tif", tiff(np.float32([[0, np.nan]])), "values that are not finite, .*: 50 % of all"),
    "infinity in an array": ("x.npy", npy(np.full((4, 4, 3), np.inf)), "not finite, .*: 100 % of all"),
    "float out of range": ("x.tif", tiff(np.float32([[0, 300]])), r"holds values from 0 to 300.*data\.value_range"),
    "damaged checksum": ("x.png", saved(make_image())[:60] + b"\0\0\0" + saved(make_image())[63:], "cannot be read"),
    "pickle in an array": ("x.npy", npy(np.array([{"a": 1}], dtype=object)), "cannot be read: .*Python objects"),
    "several arrays": ("x.npz", npz(a=PIXELS, b=PIXELS), "should hold one array, but holds 2: a, b"),
    "array of four axes": ("x.npy", npy(np.zeros((2, 3, 4, 3))), r"has the shape \(2, 3, 4, 3\)"),
    "array without pixels": ("x.npy", npy(np.zeros((0, 5, 3))), "is empty, shape"),
    "complex numbers": ("x.npy", npy(np.zeros((4, 4, 3), np.complex64)), "holds complex64"),
    "five channels where three are wanted": ("x.npy", npy(np.zeros((9, 8, 5))), r"data\.channels=3 needs \(H, W, 3\)"),
    "five channels in a TIFF": (
        "x.tif",
        tiff(np.zeros((5, 9, 8), np.uint8), planarconfig="separate"),
        "has 5 channels",
    ),
}


@pytest.mark.parametrize("what", READ)
def test_unusual_files_are_read_upright(tmp_path: Path, what: str) -> None:
    name, content, size = READ[what]
    (tmp_path / name).write_bytes(content)
    assert [*list_images(tmp_path)] == [str(tmp_path / name)]
    found = np.asarray(Reader()(tmp_path / name))
    assert found.shape == (size[1], size[0], 3)
    assert np.isfinite(found).all()
    assert found.min() < found.max() or size == (1, 1)


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n%%EOF\n"
DOS_HEADER = b"\xc5\xd0\xd3\xc6" + struct.pack("<6L", 32, len(EPS), 0, 0, 0, 0) + b"\xff" * 4
FOREIGN: dict[str, tuple[bytes, str]] = {
    "PostScript": (EPS, r"PostScript \(EPS\)"),
    "PostScript with a DOS header": (DOS_HEADER + EPS, r"PostScript \(EPS\)"),
    "PDF": (b"%PDF-1.7\n", "PDF"),
    "Windows metafile": (b"\xd7\xcd\xc6\x9a\0\0" + bytes(40), r"a Windows metafile \(WMF\)"),
    "FITS": (b"SIMPLE  =                    T".ljust(2880), "FITS"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(40), "HDF5"),
    "GRIB": (b"GRIB\0\0\0\1" + bytes(40), "GRIB"),
    "BUFR": (b"BUFR\0\0\0\1" + bytes(40), "BUFR"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    "SVG with a declaration": (b"<?xml version='1.0'?><svg/>", "XML, perhaps SVG"),
}


@pytest.mark.parametrize("extension", ["png", "jpg", "tif", "eps"])
@pytest.mark.parametrize("what", FOREIGN)
def test_a_file_that_is_a_program_or_document_starts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, extension: str
) -> None:
    started: list[object] = []
    monkeypatch.setattr(subprocess, "Popen", lambda *arguments, **options: started.append(arguments))
    monkeypatch.setattr(os, "system", started.append)
    content, name = FOREIGN[what]
    path = tmp_path / f"x.{extension}"
    path.write_bytes(content)
    for read in (Reader(), Reader().image, read_header):
        with pytest.raises(DataError, match=rf"x\.{extension} is {name}, which i2ikit does not open\. Convert"):
            read(path)
    assert read_image(path) is None  # of a report
    assert not started


def test_only_listed_formats_are_opened_by_content_and_none_of_them_starts_a_program() -> None:
    dangerous = {"EPS", "WMF", "FITS", "GRIB", "BUFR", "HDF5", "IPTC", "MPEG", "PDF"}
    assert not dangerous & {*PILLOW_FORMATS}
    assert not {".eps", ".ps", ".pdf", ".wmf", ".emf", ".fits", ".h5"} & readable_extensions()


@pytest.mark.parametrize("what", REFUSED)
def test_damaged_files_are_refused_by_name(tmp_path: Path, what: str) -> None:
    name, content, message = REFUSED[what]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        Reader()(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def broken_link(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere.png")


def circle(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (broken_link, r"is a link to \S+nowhere\.png, which does not exist"),
        (circle, r"x\.png is a link to itself, or one of a circle of links"),
        (os.mkfifo, "is not a regular file but a pipe"),
        (os.mkdir, "is a folder, not an image"),
        (lambda path: None, r"x\.png does not exist"),
    ],
    ids=["broken link", "link to itself", "pipe", "folder", "missing"],
)
def test_special_files_are_refused_by_name(tmp_path: Path, make: Callable[[Path], object], message: str) -> None:
    make(tmp_path / "x.png")
    with pytest.raises(DataError, match=message):
        Reader()(tmp_path / "x.png")
    if make is not os.mkdir and os.path.lexists(tmp_path / "x.png"):  # it does not hide the other images
        (tmp_path / "y.png").write_bytes(saved(make_image()))
        assert [*list_images(tmp_path)] == [str(tmp_path / "x.png"), str(tmp_path / "y.png")]


def test_a_file_without_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.png").write_bytes(saved(make_image()))

    def forbidden(*arguments: object, **options: object) -> None:  # root has every permission
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", forbidden)
    with pytest.raises(DataError, match=r"no permission to read the image .*x\.png"):
        Reader()(tmp_path / "x.png")


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ("(9999, 39999, 3)", "399950001 x 1 pixels in 3 channels"),  # 9 GiB
        ("(18000, 18000, 3)", "324000000 x 1 pixels in 3 channels"),  # too many pixels, as in any other format
        ("(13000, 13000, 4)", "169000000 x 1 pixels in 4 channels"),  # 5 GiB
    ],
)
def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str, size: str
) -> None:
    monkeypatch.setattr(np.lib.format, "read_array", None)
    (tmp_path / "x.npz").write_bytes(zip_bomb(shape))
    with pytest.raises(DataError, match=r"x\.npz is refused: its header declares"):
        read_header(tmp_path / "x.npz")
    with pytest.raises(DataError, match=rf"x\.npz is refused: its header declares {size}"):
        Reader(int(shape[-2]))(tmp_path / "x.npz")


def test_many_arrays_are_named_in_a_short_message(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(npz(**{f"plane_{k}": np.zeros(1) for k in range(99)}))
    with pytest.raises(DataError, match=r"holds 99: plane_0, .*plane_7, \.\.\."):
        read_header(tmp_path / "x.npz")
