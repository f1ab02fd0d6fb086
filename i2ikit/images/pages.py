"""TIFF files with several pages, each an image of its own size and type."""

from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from i2ikit.files import open_atomically
from i2ikit.images.files import left_out_frames, read_header, write_errors
from i2ikit.images.formats.pillow import unpacked
from i2ikit.images.formats.tiff import EXTENSIONS, decode_page, import_tifffile, samples
from i2ikit.images.formats.tiff_tags import read_pages
from i2ikit.images.guarding import file_errors, open_image
from i2ikit.images.planes import DecodedImage, Planes


def holds_pages(source: Path, target: Path, channels: int) -> bool:
    """Return whether a file is a TIFF of several images, and another one, by its extension, can hold them.

    Args:
        source: a file.
        target: maybe a TIFF.
        channels: of images; a file with as many pages of one channel each is one image.

    Raises:
        DataError: the first is missing, damaged, or no image.
    """
    is_tiff = target.suffix.lower() in EXTENSIONS
    return is_tiff and read_header(source).format == "TIFF" and left_out_frames(source, channels) > 0


def read_page_images(path: Path) -> Iterator[Image.Image | Planes]:
    """Yield the image of each page, upright.

    Raises:
        DataError: a page is damaged, too large, or of a kind that is not read; a package that it needs is missing.
    """
    with file_errors(path):
        for index, tags in read_pages(path):
            tags.refuse_unreadable(path)
            if tags.by_pillow:
                with open_image(path) as image:
                    image.seek(index)
                    yield unpacked(image)
            else:
                with import_tifffile().TiffFile(path) as file:
                    yield decode_page(file.pages[index], tags, path).upright(tags.orientation)


def write_page_images(images: Iterator[DecodedImage], path: Path) -> int:
    """Write images as the pages of a TIFF, atomically, one at a time; return their number.

    Raises:
        DataError, RunError: as :func:`i2ikit.images.write_image`; or tifffile is missing.
    """
    count, tifffile = 0, import_tifffile()
    with write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_atomically(path) as file, tifffile.TiffWriter(file) as writer:
            for image in images:
                values, options = samples(image)
                writer.write(values, **options)
                count += 1
    return count
