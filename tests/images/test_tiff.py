"""Every combination of tags of a TIFF is read as tifffile reads it and seen as the standard says, or it is refused."""

import itertools
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from i2ikit.errors import DataError
from i2ikit.images import Reader
from i2ikit.images.files import decode, read_header
from i2ikit.images.planes import Planes

RNG = np.random.default_rng(0)
BITS = {"uint8": 8, "uint12": 12, "uint16": 16, "uint32": 32, "int8": 8, "int16": 16, "int32": 32} | {
    "float16": 16,
    "float32": 32,
    "float64": 64,
}
COLORS = {"miniswhite": 1, "minisblack": 1, "rgb": 3, "palette": 1, "separated": 4}
EXTRA: tuple[str, ...] = ("", "unspecified", "assocalpha", "unassalpha")
PLACES = {"strips": {}, "tiles": {"tile": (16, 16)}}


def numbers(kind: str, samples: int) -> NDArray[Any]:
    """Return (5, 4, samples) values of a type."""
    if kind.startswith("float"):
        return RNG.random((5, 4, samples)).astype(kind)
    most = 2 ** (BITS[kind] - kind.startswith("int")) - 1
    return RNG.integers(0, most + 1, (5, 4, samples)).astype("uint16" if kind == "uint12" else kind)


def expected(stored: NDArray[Any], kind: str, photometric: str, extra: str, colormap: Any) -> NDArray[np.float64]:
    """Return what a file stands for, in the units of its type: channels, and opacity as 0..1 behind them."""
    most = 1.0 if kind.startswith("float") else float(2 ** (BITS[kind] - kind.startswith("int")) - 1)
    values = stored.astype(np.float64)
    count = values.shape[2] if extra == "unspecified" else COLORS[photometric]
    colors, opacity = values[:, :, :count], values[:, :, count:] / most
    if photometric == "palette":
        table = colormap >> 8 if kind == "uint8" else colormap
        colors = np.moveaxis(table[:, stored[:, :, 0]], 0, 2).astype(np.float64)
    if extra == "assocalpha":
        colors = np.minimum(most, np.divide(colors, opacity, out=np.zeros(colors.shape), where=opacity > 0))
    if photometric == "miniswhite":
        colors = most - colors
    if photometric == "separated":
        colors = (most - colors[:, :, :3]) * (most - colors[:, :, 3:]) / most
    return np.concatenate([colors, opacity], axis=2)


def turned(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return stored rows and columns as they are shown, by the table of the standard."""
    rows_first = values if orientation < 5 else values.swapaxes(0, 1)
    flip_rows, flip_columns = orientation in (3, 4, 7, 8), orientation in (2, 3, 6, 7)
    return rows_first[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]


def read(path: Path, channels: int) -> NDArray[np.float64]:
    """Return the decoded channels in the units of the type, and opacity as 0..1 behind them."""
    found = decode(path, channels)
    if isinstance(found, Image.Image):
        return np.atleast_3d(np.asarray(found)).astype(np.float64)
    assert isinstance(found, Planes)
    most = 1 if found.values.dtype.kind == "f" else np.iinfo(found.values.dtype).max
    opacity = [] if found.alpha is None else [found.alpha[:, :, None].astype(np.float64) / most]
    return np.concatenate([found.values.astype(np.float64), *opacity], axis=2)


def is_defined(kind: str, photometric: str, extra: str) -> bool:
    """Return whether the standard says what the samples mean."""
    if photometric == "separated" and extra == "unspecified":
        return False
    return photometric in ("minisblack", "rgb") or kind.startswith("uint")


def layouts(samples: int) -> Iterator[dict[str, Any]]:
    """Yield the ways to store samples: strips or tiles, interleaved or as planes, byte order, compression."""
    for place, planar, order, codec in itertools.product(PLACES, ("contig", "separate"), "<>", (None, "lzw")):
        if samples > 1 or planar == "contig":
            about = {"planarconfig": planar} if samples > 1 else {}
            yield PLACES[place] | about | {"byteorder": order, "compression": codec}


@pytest.mark.parametrize("photometric", COLORS)
@pytest.mark.parametrize("kind", BITS)
def test_all_combinations_are_read_as_tifffile_reads_them_or_refused(
    tmp_path: Path, kind: str, photometric: str
) -> None:
    path = tmp_path / "x.tif"
    orientations = itertools.cycle(range(1, 9))
    compared = 0
    for extra in EXTRA[: 1 if photometric == "palette" else None]:
        stored = numbers(kind, COLORS[photometric] + bool(extra))
        samples = stored.shape[2]
        for layout, orientation in zip(layouts(samples), orientations, strict=False):
            packed = kind == "uint12"
            if packed and (layout["compression"] or layout["byteorder"] == ">"):
                continue  # which tifffile does not write, or wrongly
            if photometric == "palette" and kind not in ("uint8", "uint16"):
                continue  # which tifffile does not write
            colormap = (
                RNG.integers(0, 65536, (3, 2 ** BITS[kind]), dtype=np.uint16) if photometric == "palette" else None
            )
            planes = np.moveaxis(stored, 2, 0) if layout.get("planarconfig") == "separate" else stored
            try:
                tifffile.imwrite(
                    path,
                    np.ascontiguousarray(planes if samples > 1 else stored[:, :, 0]),
                    photometric=photometric,
                    metadata=None,
                    extrasamples=[extra] if extra else None,
                    extratags=[(274, "H", 1, orientation, True)],
                    colormap=colormap,
                    **({"bitspersample": 12} if packed else {}),
                    **layout,
                )
            except NotImplementedError:
                pytest.skip(f"this tifffile does not write {kind}")
            channels = 3 if photometric in ("palette", "rgb", "separated") else 1
            channels += extra == "unspecified"
            what = f"{kind} {photometric} {extra} {orientation} {layout}"
            if not is_defined(kind, photometric, extra):
                with pytest.raises(DataError, match=r"x\.tif is a TIFF of the kind .*(white-is-zero|palette|CMYK)"):
                    decode(path, channels)
                with pytest.raises(DataError, match=r"x\.tif is a TIFF of the kind"):
                    read_header(path)
                continue
            raw = tifffile.imread(path).reshape(planes.shape)
            raw = np.moveaxis(raw, 0, 2) if layout.get("planarconfig") == "separate" else raw
            wanted = turned(expected(raw, kind, photometric, extra, colormap), orientation)
            found = read(path, channels)
            assert found.shape == wanted.shape, what
            tolerance = {"float16": 1e-3}.get(kind, 1.01 if kind.startswith(("u", "i")) else 1e-6)
            assert np.abs(found[..., :channels] - wanted[..., :channels]).max() <= tolerance, what
            assert np.allclose(found[..., channels:], wanted[..., channels:], atol=1e-3), what
            header = read_header(path)
            alpha = extra.endswith("alpha")
            assert (header.width, header.height) == (found.shape[1], found.shape[0]), what
            assert header.channels == channels + alpha, what
            compared += 1
    defined = is_defined(kind, photometric, "") and (photometric != "palette" or kind in ("uint8", "uint16"))
    assert (compared > 0) == defined


def packed_12_bits(values: NDArray[Any], order: str) -> bytes:
    """Return a gray TIFF of 12 bits without the help of tifffile, each row padded to a whole byte."""
    rows = ["".join(f"{value:012b}" for value in row) for row in values]
    content = b"".join(int(row, 2).to_bytes(len(row) // 8, "big") for row in rows)
    height, width = values.shape
    tags = {256: width, 257: height, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: height, 279: len(content)}
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}L", 8 + len(content))
    entries = b"".join(struct.pack(f"{order}HHLL", tag, 4, 1, value) for tag, value in tags.items())
    return head + content + struct.pack(f"{order}H", len(tags)) + entries + bytes(4)


@pytest.mark.parametrize("order", "<>")
def test_12_bits_of_either_byte_order(tmp_path: Path, order: str) -> None:
    values = RNG.integers(0, 4096, (5, 4))
    (tmp_path / "x.tif").write_bytes(packed_12_bits(values, order))
    assert np.array_equal(tifffile.imread(tmp_path / "x.tif"), values)
    assert np.array_equal(read(tmp_path / "x.tif", 1)[:, :, 0], values)


def test_training_and_the_check_of_data_judge_a_file_alike(tmp_path: Path) -> None:
    inks = RNG.integers(0, 256, (5, 4, 4), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "cmyk.tif", inks, photometric="separated")
    header = read_header(tmp_path / "cmyk.tif")
    assert (header.mode, header.channels) == ("CMYK", 3)
    assert np.array_equal(np.asarray(Reader()(tmp_path / "cmyk.tif")), read(tmp_path / "cmyk.tif", header.channels))


def test_pages_that_are_white_is_zero_are_inverted_as_channels(tmp_path: Path) -> None:
    pages = RNG.integers(0, 256, (3, 5, 4), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "x.tif", pages, photometric="miniswhite")
    assert np.array_equal(read(tmp_path / "x.tif", 3), 255 - pages.transpose(1, 2, 0))


def test_previews_and_circles_of_pages_are_no_frames(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "x.tif") as file:
        for kind in (0, 0, 1):
            file.write(np.zeros((5, 4), np.uint8), subfiletype=kind, metadata=None)
    assert read_header(tmp_path / "x.tif").frames == 2
    circle = bytearray(packed_12_bits(np.zeros((5, 4), int), "<"))
    circle[-4:] = circle[4:8]  # the next page is the first one
    (tmp_path / "x.tif").write_bytes(circle)
    assert read_header(tmp_path / "x.tif").frames == 1


@pytest.mark.parametrize(
    ("tag", "value", "message"),
    [
        (259, 34933, "with the compression 34933"),
        (262, 32803, r"of the kind raw camera \(CFA\) with 12 bits"),
        (262, 9, "of the kind ICC Lab"),
        (262, 77, "of the kind 77"),
        (257, 0, "is cut off or damaged: it has no size"),
        (256, 10**8, "is refused: its header declares 100000000 x 5 pixels"),
    ],
)
def test_other_kinds_are_refused_by_name(tmp_path: Path, tag: int, value: int, message: str) -> None:
    content = packed_12_bits(np.zeros((5, 4), int), "<")
    at = content.rindex(struct.pack("<HHL", tag, 4, 1))
    (tmp_path / "x.tif").write_bytes(content[: at + 8] + struct.pack("<L", value) + content[at + 12 :])
    with pytest.raises(DataError, match=message):
        decode(tmp_path / "x.tif", 1)


def test_a_huge_tile_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", np.zeros((5, 4), np.uint8), tile=(16, 16))
    with tifffile.TiffFile(tmp_path / "x.tif") as file:
        at = file.pages[0].tags[322].offset
    content = (tmp_path / "x.tif").read_bytes()
    (tmp_path / "x.tif").write_bytes(content[:at] + struct.pack("<HHLL", 322, 4, 1, 2**30) + content[at + 12 :])
    with pytest.raises(DataError, match="is refused: its header declares 1073741824 x 16 pixels"):
        decode(tmp_path / "x.tif", 1)
