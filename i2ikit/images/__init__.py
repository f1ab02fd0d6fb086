"""Reading pictures of any format, depth and number of channels, and writing them back as they were."""

from i2ikit.images.endings import endings_in_words, readable_endings, writable_endings
from i2ikit.images.listing import FileList, list_pictures
from i2ikit.images.reader import Picture, Reader, domain_readers
from i2ikit.images.writing import write_picture

__all__ = [
    "FileList",
    "Picture",
    "Reader",
    "domain_readers",
    "endings_in_words",
    "list_pictures",
    "readable_endings",
    "writable_endings",
    "write_picture",
]
