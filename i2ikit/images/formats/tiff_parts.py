"""Parts of a TIFF file, from those of its strips or tiles that they need."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from i2ikit.errors import DataError
from i2ikit.images.formats.tiff import PROFILE, import_tifffile
from i2ikit.images.formats.tiff_samples import interpreted
from i2ikit.images.formats.tiff_tags import JPEG, RGB, YCBCR, read_tags
from i2ikit.images.planes import Planes, Values

MOST_BYTES = 2**28  # of a strip or tile; a file of larger ones is read as a whole


class TiffParts:
    """The first page of a TIFF, of which parts are read. Close it after use.

    Args:
        path: of a TIFF that is upright as it is stored, in strips or tiles of moderate size.

    Raises:
        ValueError: it is another one; read it as a whole.
        DataError: it is of a kind that is not read, or tifffile is missing.
    """

    def __init__(self, path: Path) -> None:
        tags = read_tags(path)
        tags.refuse_unreadable(path, in_parts=True)
        # tifffile returns the RGB of JPEG's YCbCr
        self._tags = replace(tags, photometric=RGB) if tags.photometric == YCBCR and tags.compression in JPEG else tags
        self.path, self.width, self.height = path, tags.width, tags.height
        self._tifffile = import_tifffile()
        self._file = self._tifffile.TiffFile(path)
        self._page = self._file.pages[0]
        self._decoded: dict[int, Values] = {}
        self._planes = self._page.samplesperpixel if tags.planar else 1
        tile = self._page.tilelength, self._page.tilewidth
        self._chunk = tile if self._page.is_tiled else (min(int(self._page.rowsperstrip), self.height), self.width)
        size = int(np.prod(self._page.chunks)) * self._page.dtype.itemsize
        if tags.orientation != 1 or tags.pages > 1 or not (self._page.is_memmappable or size <= MOST_BYTES):
            self.close()
            raise ValueError(f"{path} is not read in parts")
        profile = self._page.tags.get(PROFILE)
        self._profile = bytes(profile.value) if profile else None

    def part(self, top: int, left: int, height: int, width: int) -> Planes:
        """Return what a rectangle of the image holds."""
        rows, columns = slice(top, top + height), slice(left, left + width)
        planar = self._page.ndim == 3 and self._tags.planar
        window = (slice(None), rows, columns) if planar else (rows, columns)
        values = (
            np.array(self._mapped()[window], self._page.dtype)
            if self._page.is_memmappable
            else self._put_together(rows, columns)
        )
        return replace(interpreted(values, self._tags, self._page.colormap), profile=self._profile)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _mapped(self) -> Values:
        """Return the values of an uncompressed file; what is read of them is forgotten with the array."""
        mapped: Values = self._tifffile.memmap(self.path, page=0, mode="r")
        return mapped

    def _put_together(self, rows: slice, columns: slice) -> Values:
        """Return a rectangle from decoded strips or tiles, which are kept as long as the rows stay."""
        page, planes = self._page, self._planes
        kept = self._indices(rows, slice(0, self.width))
        self._decoded = {index: values for index, values in self._decoded.items() if index in kept}
        shape = planes, rows.stop - rows.start, columns.stop - columns.start, page.samplesperpixel // planes
        found = np.zeros(shape, page.dtype)
        for index, (plane, y, x) in self._indices(rows, columns).items():
            values = self._segment(index)
            top, left = max(y, rows.start), max(x, columns.start)
            bottom, right = min(y + values.shape[0], rows.stop), min(x + values.shape[1], columns.stop)
            target = found[plane, top - rows.start : bottom - rows.start, left - columns.start : right - columns.start]
            target[:] = values[top - y : bottom - y, left - x : right - x]
        if planes > 1:
            return found[..., 0]
        return found[0, :, :, 0] if page.ndim == 2 else found[0]

    def _indices(self, rows: slice, columns: slice) -> dict[int, tuple[int, int, int]]:
        """Return the numbers of the strips or tiles that a rectangle needs, with plane, row and column of each."""
        down, across = self._chunk
        high, wide = -(-self.height // down), -(-self.width // across)
        return {
            (plane * high + y) * wide + x: (plane, y * down, x * across)
            for plane in range(self._planes)
            for y in range(rows.start // down, -(-rows.stop // down))
            for x in range(columns.start // across, -(-columns.stop // across))
        }

    def _segment(self, index: int) -> Values:
        """Return one decoded strip or tile, (H, W, S).

        Raises:
            DataError: it is damaged, or its codec is missing.
        """
        if index not in self._decoded:
            page, file = self._page, self._file.filehandle
            file.seek(page.dataoffsets[index])
            content = file.read(page.databytecounts[index])
            if len(content) < page.databytecounts[index]:
                raise DataError(f"the image {self.path} cannot be read: it is truncated")
            options: dict[str, Any] = {"jpegtables": page.jpegtables, "jpegheader": page.jpegheader}
            decoded = page.decode(content, index, **options)[0]
            if decoded is None:
                raise DataError(f"the image {self.path} cannot be read: a part of it is missing")
            self._decoded[index] = decoded[0]
        return self._decoded[index]
