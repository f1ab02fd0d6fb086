"""What the tags of a TIFF file declare, and which combinations of them are read."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL.TiffImagePlugin import ImageFileDirectory_v2

from i2ikit.errors import DataError
from i2ikit.images.formats.base import ORIENTATION, SIDEWAYS
from i2ikit.images.guarding import IN_PARTS, WAY_OUT, refuse_bombs

WHITE_IS_ZERO, GRAY, RGB, PALETTE, CMYK, YCBCR, CIELAB = 0, 1, 2, 3, 5, 6, 8  # photometric interpretations
COLORS = {WHITE_IS_ZERO: 1, GRAY: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3, CIELAB: 3}  # samples of a pixel
NAMES = {WHITE_IS_ZERO: "white-is-zero", GRAY: "gray", RGB: "RGB", PALETTE: "palette", CMYK: "CMYK"} | {
    4: "transparency mask",
    YCBCR: "YCbCr",
    CIELAB: "CIELAB",
    9: "ICC Lab",
    10: "ITU Lab",
    32803: "raw camera (CFA)",
    32844: "LogL",
    32845: "LogLuv",
    34892: "linear raw camera",
}
UNSIGNED, SIGNED, FLOAT = 1, 2, 3  # sample formats
FORMAT_NAMES = {UNSIGNED: "unsigned", SIGNED: "signed", FLOAT: "floating-point"}
PREMULTIPLIED, STRAIGHT = 1, 2  # kinds of extra samples that are opacity
JPEG = (6, 7)
BY_PILLOW = (1, 2, 3, 4, 5, *JPEG, 8, 32773, 32946)  # compressions
COMPRESSIONS = (*BY_PILLOW, 34712, 34887, 34925, 50000, 50001)  # and JPEG 2000, LERC, LZMA, Zstandard, WebP
SEPARATE = 2  # planar configuration
BIG = 43  # version number of files with 64-bit offsets
MOST_PAGES, MOST_TAGS = 100_000, 4096
PILLOW_BITS = {WHITE_IS_ZERO: (1, 2, 4, 8), GRAY: (1, 2, 4, 8, 16), PALETTE: (1, 2, 4, 8)}  # others: 8


@dataclass(frozen=True)
class TiffTags:
    """The tags of the first image of a file that decide how it is read.

    Attributes:
        width, height: pixels as stored, before the orientation.
        bits: per sample; 0 if the samples differ.
        samples: of a pixel, with opacity.
        photometric, sample_format, compression, orientation: numbers of the standard; a sample format of 0 stands for
            samples that differ.
        planar: each sample has a plane of its own.
        extra: kinds of the samples beyond the colors.
        tile: width and height of its tiles.
        inks: 1 for cyan, magenta, yellow and black.
        pages: images of the file, without previews.
    """

    width: int
    height: int
    bits: int
    samples: int
    photometric: int
    sample_format: int
    compression: int
    orientation: int
    planar: bool
    extra: tuple[int, ...]
    tile: tuple[int, int]
    inks: int
    pages: int

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height after the orientation."""
        return (self.height, self.width) if self.orientation in SIDEWAYS else (self.width, self.height)

    @property
    def has_alpha(self) -> bool:
        """Whether the one sample beyond the colors is opacity."""
        one_more = self.samples == COLORS.get(self.photometric, 0) + 1
        # RGB without a declaration of its fourth sample: opacity, as all viewers take it
        return one_more and (
            self.extra in ((PREMULTIPLIED,), (STRAIGHT,)) or (self.photometric == RGB and not self.extra)
        )

    @property
    def channels(self) -> int:
        """Number of channels that are read, with opacity."""
        colors = 3 if self.photometric in (PALETTE, CMYK) else COLORS.get(self.photometric, 0)
        return self.samples + colors - COLORS.get(self.photometric, 0)

    @property
    def mode(self) -> str:
        """The color model, such as ``"RGB"`` or ``"floating-point gray"``."""
        name = NAMES.get(self.photometric, str(self.photometric))
        return name if self.sample_format == UNSIGNED else f"{FORMAT_NAMES.get(self.sample_format, 'mixed')} {name}"

    @property
    def by_pillow(self) -> bool:
        """Whether Pillow reads all values of this combination as they are."""
        bits = PILLOW_BITS.get(self.photometric, (8,))
        no_extra = self.samples == COLORS.get(self.photometric)
        straight = self.photometric == RGB and self.has_alpha and self.extra != (PREMULTIPLIED,)
        plain = self.sample_format == UNSIGNED and not (self.planar and self.samples > 1)
        codec = self.compression in (JPEG if self.photometric == YCBCR else BY_PILLOW)
        return plain and codec and self.bits in bits and (no_extra or straight)

    def refuse_unreadable(self, path: str | Path, *, in_parts: bool = False) -> None:
        """Raise DataError for a file beyond the limits, or one whose combination of tags has no defined reading.

        Args:
            path: of the file.
            in_parts: it is not decoded as a whole, and may be larger.
        """
        factor = IN_PARTS if in_parts and self.pages == 1 and self.orientation == 1 else 1
        refuse_bombs(path, self.width, self.height, self.samples, max(1, self.bits // 8), factor=factor)
        refuse_bombs(path, *self.tile, self.samples, max(1, self.bits // 8))
        reason = ""
        unsigned = self.sample_format == UNSIGNED
        if not self.width or not self.height:
            raise DataError(f"the image {path} is cut off or damaged: it has no size. {WAY_OUT}")
        if self.compression not in COMPRESSIONS:
            reason = f"with the compression {self.compression}"
        elif not self.bits or self.sample_format not in FORMAT_NAMES:
            reason = "with samples of different or complex types"
        elif self.photometric not in (WHITE_IS_ZERO, GRAY, RGB, PALETTE, CMYK) and not self.by_pillow:
            reason = f"of the kind {self.mode} with {self.bits} bits"
        elif self.photometric in (WHITE_IS_ZERO, PALETTE, CMYK) and not unsigned:
            reason = f"of the kind {self.mode}, for which no standard says what is white"
        elif self.photometric == PALETTE and (self.samples > 1 or self.bits > 16):
            reason = f"of the kind palette with {self.samples} samples of {self.bits} bits"
        elif self.photometric == CMYK and self.inks != 1:
            reason = "with inks other than cyan, magenta, yellow and black"
        elif self.photometric == CMYK and self.samples != COLORS[CMYK] and not self.has_alpha:
            reason = f"of the kind CMYK with {self.samples} samples"
        if reason:
            raise DataError(
                f"{path} is a TIFF {reason}; i2ikit does not read it. Convert it to gray or RGB, for example to PNG."
            )


def read_tags(path: str | Path, most_pages: int = MOST_PAGES) -> TiffTags:
    """Return the tags of the first image of a file, and the number of its images up to a limit."""
    with open(path, "rb") as file:
        head = file.read(16)
        directory = _directory(head)
        first = directory.next
        return _tags(file, directory, first, len(_page_offsets(file, head, first, most_pages)))


def read_pages(path: str | Path) -> Iterator[tuple[int, TiffTags]]:
    """Yield the position, among the directories of a file, and the tags of each of its images, without previews."""
    with open(path, "rb") as file:
        head = file.read(16)
        directory = _directory(head)
        offsets = _page_offsets(file, head, directory.next, MOST_PAGES)
        for index, offset in offsets.items():
            yield index, _tags(file, directory, offset, len(offsets))


def _directory(head: bytes) -> ImageFileDirectory_v2:
    return ImageFileDirectory_v2(head if BIG in head[2:4] else head[:8])


def _tags(file: BinaryIO, directory: ImageFileDirectory_v2, offset: int, pages: int) -> TiffTags:
    file.seek(offset)
    directory.load(file)
    bits, formats = set(_values(directory, 258, 1)), set(_values(directory, 339, UNSIGNED))
    return TiffTags(
        width=int(directory.get(256, 0)),
        height=int(directory.get(257, 0)),
        bits=int(bits.pop()) if len(bits) == 1 else 0,
        samples=int(directory.get(277, 1)),
        photometric=int(directory.get(262, GRAY)),
        sample_format=int(formats.pop()) if len(formats) == 1 else 0,
        compression=int(directory.get(259, 1)),
        orientation=int(directory.get(ORIENTATION, 1)),
        planar=directory.get(284) == SEPARATE,
        extra=tuple(int(kind) for kind in _values(directory, 338)),
        tile=(int(directory.get(322, 1)), int(directory.get(323, 1))),
        inks=int(directory.get(332, 1)),
        pages=pages,
    )


def _values(directory: ImageFileDirectory_v2, tag: int, *default: int) -> tuple[int, ...]:
    found = directory.get(tag, default)
    return tuple(found) if isinstance(found, tuple | bytes) else (found,)


def _page_offsets(file: BinaryIO, head: bytes, offset: int, most: int) -> dict[int, int]:
    """Return the offsets of images up to a limit, by their position; a circle is an end.

    Reduced versions of another image are left out, unless there is nothing else.
    """
    order, big = "<" if head[:2] == b"II" else ">", BIG in head[2:4]
    count_kind, entry, next_kind = ("Q", 20, "Q") if big else ("H", 12, "L")
    preview = [struct.pack(f"{order}HH{next_kind}", 254, kind, 1) for kind in (3, 4)]  # the tag, 16 or 32 bits
    first, seen, pages = offset, set[int](), dict[int, int]()
    while offset and offset not in seen and len(pages) < most:
        file.seek(offset)
        count = _read(file, order, count_kind)
        if count > MOST_TAGS:
            break
        table = file.read(count * entry)
        entries = [table[at : at + entry] for at in range(0, len(table), entry)]
        if not any(tag.startswith(start) and any(tag[len(start) :]) for tag in entries for start in preview):
            pages[len(seen)] = offset
        seen.add(offset)
        offset = _read(file, order, next_kind)
    return pages or {0: first}


def _read(file: BinaryIO, order: str, kind: str) -> int:
    layout = struct.Struct(order + kind)
    content = file.read(layout.size)
    return int(layout.unpack(content)[0]) if len(content) == layout.size else 0
