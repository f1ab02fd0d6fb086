"""TIFF files, by Pillow where it reads them completely; else deep color, many channels, and channels as pages."""

from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from i2ikit.errors import DataError
from i2ikit.images.formats.base import ORIENTATION, SIDEWAYS, Header, Size
from i2ikit.images.formats.pillow import CHANNELS, WRITTEN, PillowFormat, raw_mode
from i2ikit.images.guarding import refuse_bombs
from i2ikit.images.planes import DecodedImage, Planes

EXTENSIONS = frozenset((".tif", ".tiff"))
INSTALL = 'pip install "i2ikit[tiff]"'
MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
WHITE_IS_ZERO, GRAY, RGB = 0, 1, 2  # photometric interpretations
ALPHA = (1, 2)  # kinds of extra samples
PROFILE = 34675
COLORS = 3


class TiffFormat(PillowFormat):
    """TIFF with any number of channels, of any type."""

    def writable(self, channels: int, dtype: np.dtype[Any]) -> frozenset[str]:
        """Return the extensions of TIFF, for what Pillow cannot store."""
        return frozenset() if dtype == np.uint8 and channels in CHANNELS else EXTENSIONS

    def matches(self, head: bytes, extension: str) -> bool:
        """Return whether the first bytes are those of a TIFF."""
        return head.startswith(MAGIC)

    def read_header(self, path: str | Path) -> Header:
        """Return what Pillow finds in the header, or else tifffile.

        Raises:
            DataError: tifffile is needed and missing.
        """
        try:
            return super().read_header(path)
        except UnidentifiedImageError:
            with _tifffile().TiffFile(path) as file:
                page: Any = file.pages[0]
                width, height = page.imagewidth, page.imagelength
                if ORIENTATION in page.tags and page.tags[ORIENTATION].value in SIDEWAYS:
                    width, height = height, width
                bits = int(page.dtype.itemsize * 8) if page.dtype is not None else 0
                return Header("TIFF", str(page.dtype), width, height, page.samplesperpixel, bits, len(file.pages))

    def decode(self, path: str | Path, channels: int, draft: Size | None) -> Image.Image | Planes:
        """Return the first page, or all pages as channels if each has one and there are ``channels``, > 1, of them.

        Raises:
            DataError: tifffile, or the codec of the file, is missing; the colors are neither gray nor RGB.
        """
        if _pillow_suffices(path, channels):
            return super().decode(path, channels, draft)
        return _decode(path, channels)

    def encode(self, file: BinaryIO, image: DecodedImage, path: Path) -> None:
        """Write values and opacity with the layout of the image.

        Raises:
            DataError: tifffile is needed and missing.
        """
        values, alpha = image.stored_values()
        channels, layout = values.shape[2], image.layout
        if channels == 1 and alpha is None and values.dtype in (np.uint16, np.float32):
            gray = Image.fromarray(np.ascontiguousarray(values[:, :, 0]))
            gray.save(file, "TIFF", **WRITTEN["TIFF"][1])
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
        values = np.ascontiguousarray(values)
        _tifffile().imwrite(file, values, compression="zlib", metadata=None, iccprofile=image.profile, **options)


def _pillow_suffices(path: str | Path, channels: int) -> bool:
    if channels not in CHANNELS:
        return False
    try:
        with Image.open(path) as image:
            refuse_bombs(path, *image.size)
            bands = len(image.getbands())
            deep_color = bands > 1 and ";16" in raw_mode(image)
            paged = bands == 1 and channels > 1 and getattr(image, "n_frames", 1) == channels
            return not deep_color and not paged
    except UnidentifiedImageError:
        return False


def _decode(path: str | Path, channels: int) -> Planes:
    try:
        with _tifffile().TiffFile(path) as file:
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
    colors = COLORS if page.photometric == RGB else 1
    extra = [int(kind) for kind in page.extrasamples]
    if values.shape[2] == colors + 1 and extra and extra[0] in ALPHA:
        return Planes(values[:, :, :colors], values[:, :, colors], color=True, layout=layout)
    return Planes(values, color=values.shape[2] == colors, layout=layout)


def _tifffile() -> Any:
    try:
        import tifffile
    except ImportError as error:
        raise DataError(f"TIFF files that Pillow cannot hold need tifffile: {INSTALL}") from error
    return tifffile
