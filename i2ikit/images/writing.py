"""Writes images with the depth, the channels and the format of their files."""

import io
from pathlib import Path

from i2ikit.errors import DataError, RunError
from i2ikit.files import write_atomically
from i2ikit.images.formats import image_formats
from i2ikit.images.planes import DecodedImage


def write_image(image: DecodedImage, path: Path) -> None:
    """Write an image atomically, in the format of the path's extension.

    Values get the type and range of the image. A type that the format cannot hold is reduced, with a warning:
    to 16 bits in PNG, to 8 bits elsewhere but in TIFF and ``.npy``.

    Raises:
        DataError: no format writes so many channels to a file with this extension.
        RunError: the file cannot be written.
    """
    extension, channels = path.suffix.lower(), image.channels
    writers = [known for known in image_formats() if extension in known.writable(channels, image.stored_dtype)]
    if not writers:
        raise DataError(
            f"cannot write {path}: {extension or 'a file without an extension'} does not hold {channels} channels. Use "
            "the extension .tif or .npy."
        )
    file = io.BytesIO()
    try:
        writers[0].encode(file, image, path)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, file.getvalue())
    except (OSError, ValueError) as error:
        raise RunError(f"cannot write {path}: {error}") from error
