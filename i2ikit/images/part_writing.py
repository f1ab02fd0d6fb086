"""Writes images of which one part after the other is known."""

import zlib
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from i2ikit.files import open_atomically
from i2ikit.images.files import write_errors, write_image
from i2ikit.images.formats.png_deep import EXTENSIONS as PNG
from i2ikit.images.formats.png_deep import png_chunk, profile_chunk
from i2ikit.images.formats.tiff import EXTENSIONS as TIFF
from i2ikit.images.formats.tiff import import_tifffile, samples
from i2ikit.images.planes import BYTES, DecodedImage, Values

TILE = 256  # pixels of the side of the tiles of a TIFF
BIG = 2**31  # bytes of values from which a TIFF has 64-bit offsets
LAYOUTS = ("flat", "last")
COLORS = (1, 3)


def write_in_parts(parts: Iterator[DecodedImage], path: Path, size: tuple[int, int]) -> None:
    """Write an image from top to bottom, atomically; TIFF and PNG as parts arrive, other formats at the end.

    Args:
        parts: of the full width, all with the same properties.
        path: of the file.
        size: width and height in pixels.

    Raises:
        DataError, RunError: as :func:`i2ikit.images.write_image`, and what the parts raise.
    """
    extension, first = path.suffix.lower(), next(parts)
    parts = chain([first], parts)
    if extension in TIFF and first.layout in LAYOUTS and find_spec("tifffile") is not None:
        _write_atomically(path, lambda file: _write_tiff(file, parts, size))
    elif extension in PNG and first.channels in COLORS:
        _write_atomically(path, lambda file: _write_png(file, parts, path, size))
    else:
        write_image(_joined(parts, size), path)


def _write_atomically(path: Path, write: Any) -> None:
    with write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_atomically(path) as file:
            write(file)


def _write_tiff(file: BinaryIO, parts: Iterator[DecodedImage], size: tuple[int, int]) -> None:
    first = next(parts)
    values, options = samples(first)
    blocks = chain([values], (samples(part)[0] for part in parts))
    shape = (size[1], size[0], *values.shape[2:])
    tiles = (rows[:, left : left + TILE] for rows in _regrouped(blocks) for left in range(0, size[0], TILE))
    large = int(np.prod(shape)) * values.dtype.itemsize >= BIG
    options |= {"shape": shape, "dtype": values.dtype, "tile": (TILE, TILE), "bigtiff": large}
    import_tifffile().imwrite(file, tiles, **options)


def _regrouped(blocks: Iterator[Values]) -> Iterator[Values]:
    """Yield the rows of blocks as blocks of ``TILE`` rows; the last one may be smaller."""
    held: list[Values] = []
    count = 0
    for block in blocks:
        held.append(block)
        count += len(block)
        if count < TILE:
            continue
        rows = np.concatenate(held)
        whole = count // TILE * TILE
        yield from (np.ascontiguousarray(rows[top : top + TILE]) for top in range(0, whole, TILE))
        held, count = [rows[whole:]], count - whole
    if count:
        yield np.concatenate(held)


def _write_png(file: BinaryIO, parts: Iterator[DecodedImage], path: Path, size: tuple[int, int]) -> None:
    first = next(parts)
    dtype = BYTES if first.stored_dtype == BYTES else np.dtype(np.uint16)
    blocks = chain([first.reduced_values(dtype, path)], (part.stored_values(dtype) for part in parts))
    compressor = zlib.compressobj()
    for index, (values, alpha) in enumerate(blocks):
        planes = values if alpha is None else np.dstack([values, alpha.astype(dtype)])
        if index == 0:
            kind = {1: 0, 2: 4, 3: 2, 4: 6}[planes.shape[2]]
            about = size[0].to_bytes(4, "big") + size[1].to_bytes(4, "big")
            file.write(b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", about + bytes([8 * dtype.itemsize, kind, 0, 0, 0])))
            file.write(profile_chunk(first.profile) if first.profile else b"")
        file.write(_data(compressor.compress(_filtered(planes))))
    file.write(_data(compressor.flush()) + png_chunk(b"IEND", b""))


def _filtered(planes: Values) -> bytes:
    """Return rows as PNG stores them: each byte less that of the pixel to its left, after the number of that filter."""
    pixel = planes.shape[2] * planes.dtype.itemsize
    rows = np.ascontiguousarray(planes, planes.dtype.newbyteorder(">")).view(np.uint8).reshape(len(planes), -1)
    filtered = np.ones((len(rows), rows.shape[1] + 1), np.uint8)
    filtered[:, 1:] = rows
    filtered[:, 1 + pixel :] -= rows[:, :-pixel]
    return filtered.tobytes()


def _data(content: bytes) -> bytes:
    return png_chunk(b"IDAT", content) if content else b""


def _joined(parts: Iterator[DecodedImage], size: tuple[int, int]) -> DecodedImage:
    """Return the whole image."""
    whole: Values | None = None
    alphas: list[Values] = []
    top = 0
    for part in parts:
        pixels = np.asarray(part.pixels)
        if whole is None:
            whole, about = np.empty((size[1], size[0], *pixels.shape[2:]), pixels.dtype), part
        whole[top : top + len(pixels)] = pixels
        alphas += [] if part.alpha is None else [part.alpha]
        top += len(pixels)
    assert whole is not None, "an image has at least one part"
    shown = Image.fromarray(whole) if whole.dtype == BYTES else whole
    return replace(about, pixels=shown, alpha=np.concatenate(alphas) if alphas else None)
