"""Reads images of any format, depth and number of channels, and writes them back in the same form."""

from i2ikit.images.files import write_image
from i2ikit.images.formats import format_extensions, readable_extensions, writable_extensions
from i2ikit.images.listing import FileList, ImageWalk, list_images
from i2ikit.images.planes import DecodedImage
from i2ikit.images.reader import Reader, domain_readers

__all__ = [
    "DecodedImage",
    "FileList",
    "ImageWalk",
    "Reader",
    "domain_readers",
    "format_extensions",
    "list_images",
    "readable_extensions",
    "writable_extensions",
    "write_image",
]
