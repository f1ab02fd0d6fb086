"""TIFF files, by Pillow where it reads them completely; else deep color, many channels, and channels as pages."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from i2ikit.errors import DataError
from i2ikit.images.formats.base import Header, Size
from i2ikit.images.formats.pillow import CHANNELS, WRITTEN, PillowFormat
from i2ikit.images.formats.tiff_samples import interpreted
from i2ikit.images.formats.tiff_tags import TiffTags, read_tags
from i2ikit.images.guarding import refuse_bombs
from i2ikit.images.planes import DecodedImage, Planes, Values

EXTENSIONS = frozenset((".tif", ".tiff"))
INSTALL = 'pip install "i2ikit[tiff]"'
MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PREVIEW = 1  # a bit of the kind of a page: a reduced version of another one
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
        """Return what the tags of the first page declare.

        Raises:
            DataError: the file is too large, or of a kind that is not read.
        """
        tags = read_tags(path)
        tags.refuse_unreadable(path, in_parts=find_spec("tifffile") is not None)
        return Header("TIFF", tags.mode, *tags.upright_size, tags.channels, tags.bits, tags.pages)

    def decode(self, path: str | Path, channels: int, draft: Size | None) -> Image.Image | Planes:
        """Return the first page, or all pages as channels if each has one and there are ``channels``, > 1, of them.

        Raises:
            DataError: the file is of a kind that is not read; tifffile, or the codec of the file, is missing.
        """
        tags = read_tags(path, channels + 1)
        tags.refuse_unreadable(path)
        paged = channels > 1 and tags.channels == 1 and tags.pages == channels
        if paged:
            refuse_bombs(path, tags.width, tags.height, channels, max(1, tags.bits // 8))
        elif tags.by_pillow:
            return super().decode(path, channels, draft)
        return _decode(path, tags, paged=paged)

    def encode(self, file: BinaryIO, image: DecodedImage, path: Path) -> None:
        """Write values and opacity with the layout of the image.

        Raises:
            DataError: tifffile is needed and missing.
        """
        values, alpha = image.stored_values()
        if values.shape[2] == 1 and alpha is None and values.dtype in (np.uint16, np.float32):
            gray = Image.fromarray(np.ascontiguousarray(values[:, :, 0]))
            gray.save(file, "TIFF", **WRITTEN["TIFF"][1])
            return
        values, options = samples(image)
        import_tifffile().imwrite(file, values, **options)


def samples(image: DecodedImage) -> tuple[Values, dict[str, Any]]:
    """Return what tifffile writes for an image: values in its layout, with opacity, and options."""
    values, alpha = image.stored_values()
    channels, layout = values.shape[2], image.layout
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
    options |= {"compression": "zlib", "metadata": None, "iccprofile": image.profile}
    return np.ascontiguousarray(values), options


def _decode(path: str | Path, tags: TiffTags, *, paged: bool) -> Planes:
    with import_tifffile().TiffFile(path) as file:
        pages = [page for page in file.pages if not page.subfiletype & PREVIEW] if paged else [file.pages[0]]
        if len({(page.shape, page.dtype) for page in pages}) > 1:
            raise DataError(f"the pages of {path} cannot be its channels: their sizes or types differ")
        found = [decode_page(page, tags, path) for page in pages]
    planes = found[0]
    if paged:
        together = np.concatenate([page.values for page in found], axis=2)
        planes = replace(planes, values=together, alpha=None, color=False, layout="pages")
    return planes.upright(tags.orientation)


def decode_page(page: Any, tags: TiffTags, path: str | Path) -> Planes:
    """Return a page of tifffile, not yet upright.

    Raises:
        DataError: the codec of the file is missing.
    """
    try:
        planes = interpreted(page.asarray(), tags, page.colormap)
    except ValueError as error:
        if "imagecodecs" in str(error):
            raise DataError(f"the compression of {path} needs imagecodecs: {INSTALL}") from error
        raise
    profile = page.tags.get(PROFILE)
    return replace(planes, profile=bytes(profile.value) if profile else None)


def import_tifffile() -> Any:
    """Return the package tifffile.

    Raises:
        DataError: it is not installed.
    """
    try:
        import tifffile
    except ImportError as error:
        raise DataError(f"TIFF files that Pillow cannot hold need tifffile: {INSTALL}") from error
    return tifffile
