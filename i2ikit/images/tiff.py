"""TIFF files of which Pillow reads nothing, or not all: deep color, many channels, channels as pages."""

from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from i2ikit.errors import DataError
from i2ikit.images.guarding import refuse_bombs
from i2ikit.images.planes import Planes

INSTALL = 'pip install "i2ikit[tiff]"'
MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
ORIENTATION = 274
WHITE_IS_ZERO, GRAY, RGB = 0, 1, 2  # photometric interpretations
ALPHA = (1, 2)  # kinds of extra samples
PROFILE = 34675
COLORS = 3


def is_tiff(head: bytes) -> bool:
    """Say whether the first bytes of a file are those of a TIFF."""
    return head.startswith(MAGIC)


def decode_tiff(path: str | Path, channels: int) -> Planes:
    """Return the first page, or all pages as channels if each has one and there are as many as ``channels``, > 1.

    Raises:
        DataError: tifffile, or the codecs of the file's compression, are missing; the colors are neither gray nor RGB.
    """
    tifffile = _tifffile()
    try:
        with tifffile.TiffFile(path) as file:
            page = file.pages[0]
            paged = channels > 1 and page.samplesperpixel == 1 and len(file.pages) == channels
            refuse_bombs(path, page.imagewidth, page.imagelength, channels if paged else page.samplesperpixel)
            planes = _pages(path, file.pages) if paged else _page(path, page)
            orientation, profile = page.tags.get(ORIENTATION), page.tags.get(PROFILE)
            planes = replace(planes, profile=bytes(profile.value) if profile else None)
            return planes.upright(int(orientation.value) if orientation else 1)
    except ValueError as error:
        if "imagecodecs" in str(error):
            raise DataError(f"the compression of {path} needs imagecodecs: {INSTALL}") from error
        raise


def _pages(path: str | Path, pages: Any) -> Planes:
    found = [page.asarray() for page in pages]
    if len({(plane.shape, plane.dtype) for plane in found}) > 1:
        raise DataError(f"the pages of {path} cannot be its channels: their sizes or types differ")
    return Planes(np.stack(found, axis=2), layout="pages")


def _page(path: str | Path, page: Any) -> Planes:
    if page.photometric not in (WHITE_IS_ZERO, GRAY, RGB) or page.imagedepth > 1:
        raise DataError(f"{path} is a TIFF of the kind {page.photometric!s}; only gray and RGB are read. Convert it.")
    values: NDArray[Any] = page.asarray()
    layout = "flat"
    if values.ndim == 3:
        planar = page.axes.startswith("S")
        values, layout = (np.moveaxis(values, 0, 2), "first") if planar else (values, "last")
    else:
        values = values[:, :, None]
    if page.photometric == WHITE_IS_ZERO and values.dtype.kind == "u":
        values = np.iinfo(values.dtype).max - values
    colors = 3 if page.photometric == RGB else 1
    extra = [int(kind) for kind in page.extrasamples]
    if values.shape[2] == colors + 1 and extra and extra[0] in ALPHA:
        return Planes(values[:, :, :colors], values[:, :, colors], color=True, layout=layout)
    return Planes(values, color=values.shape[2] == colors, layout=layout)


def encode_tiff(
    file: BinaryIO,
    values: NDArray[Any],
    alpha: NDArray[Any] | None,
    layout: str,
    profile: bytes | None,
) -> None:
    """Write values (H, W, C) of any type, with their opacities (H, W), stored as ``layout`` says; see :class:`Planes`.

    Raises:
        DataError: tifffile is missing.
    """
    channels = values.shape[2]
    if channels == 1 and alpha is None and values.dtype in (np.uint16, np.float32):
        Image.fromarray(np.ascontiguousarray(values[:, :, 0])).save(file, "TIFF", compression="tiff_lzw")
        return
    options: dict[str, Any] = {"photometric": "rgb" if channels == COLORS and layout != "pages" else "minisblack"}
    if alpha is not None:
        values, layout = np.dstack([values, alpha.astype(values.dtype)]), "last"
        options["extrasamples"] = ["unassalpha"]
    if layout == "flat" and values.shape[2] == 1:
        values = values[:, :, 0]
    elif layout in ("first", "pages"):
        values = np.moveaxis(values, 2, 0)
    if layout != "pages" and values.ndim == 3:
        options["planarconfig"] = "separate" if layout == "first" else "contig"
    _tifffile().imwrite(
        file, np.ascontiguousarray(values), compression="zlib", metadata=None, iccprofile=profile, **options
    )


def _tifffile() -> Any:
    try:
        import tifffile
    except ImportError as error:
        raise DataError(f"TIFF files that Pillow cannot hold need tifffile: {INSTALL}") from error
    return tifffile
