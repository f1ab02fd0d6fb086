"""Reading images of any format, depth and number of channels, and writing them back as they were."""

from i2ikit.images.extensions import format_extensions, readable_extensions, writable_extensions
from i2ikit.images.listing import FileList, list_images
from i2ikit.images.reader import DecodedImage, Reader, domain_readers
from i2ikit.images.writing import write_image

__all__ = [
    "DecodedImage",
    "FileList",
    "Reader",
    "domain_readers",
    "format_extensions",
    "list_images",
    "readable_extensions",
    "writable_extensions",
    "write_image",
]
