"""PNG files with 16 bits per channel: Pillow would reduce their colors to 8 bits."""

import io
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from i2ikit.errors import DataError
from i2ikit.images.formats.base import ORIENTATION, Size
from i2ikit.images.formats.pillow import CHANNELS, PillowFormat
from i2ikit.images.guarding import open_image
from i2ikit.images.planes import DecodedImage, Planes
from i2ikit.opencv import opencv

EXTENSIONS = frozenset((".png", ".apng"))
DEPTH, COLOR_TYPE = 24, 25  # bytes of the header
GRAY, GRAY_WITH_ALPHA = 0, 4  # color types
USE = "16-bit color in PNG files"
HEADER = 33  # bytes of signature and header


class DeepPngFormat(PillowFormat):
    """PNG with 16 bits per channel, read and written by OpenCV; opaque gray is read by Pillow."""

    def writable(self, channels: int, dtype: np.dtype[Any]) -> frozenset[str]:
        """Return the extensions of PNG, for gray and RGB with more than 8 bits."""
        return EXTENSIONS if channels in CHANNELS and dtype != np.uint8 else frozenset()

    def matches(self, head: bytes, extension: str) -> bool:
        """Return whether the header is that of a PNG with 16 bits and more than one channel."""
        deep = len(head) > COLOR_TYPE and head[DEPTH] == 16
        return head.startswith(b"\x89PNG") and deep and head[COLOR_TYPE] != GRAY

    def decode(self, path: str | Path, channels: int, draft: Size | None) -> Planes:
        """Return gray or RGB, with transparency if there is some.

        Raises:
            DataError: OpenCV cannot be imported, or cannot read the file.
        """
        cv2 = opencv(USE)
        content = Path(path).read_bytes()
        orientation = 1
        with open_image(path, io.BytesIO(content)) as image:
            profile = image.info.get("icc_profile")
            image.verify()  # checksums: OpenCV would fill a damaged image with black
        if b"eXIf" in content:
            with open_image(path, io.BytesIO(content)) as image:
                orientation = image.getexif().get(ORIENTATION, 1)
        found = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
        if found is None or found.ndim != 3:
            raise DataError(f"the image {path} cannot be read: OpenCV finds it damaged")
        alpha = found[:, :, 3] if found.shape[2] == 4 else None
        gray = content[COLOR_TYPE] == GRAY_WITH_ALPHA
        values = found[:, :, :1] if gray else found[:, :, 2::-1]  # from BGR
        return Planes(values, alpha, color=True, profile=profile).upright(orientation)

    def encode(self, file: BinaryIO, image: DecodedImage, path: Path) -> None:
        """Write gray or RGB with 16 bits, and its opacity.

        Raises:
            DataError: OpenCV cannot be imported.
        """
        values, alpha = image.reduced_values(np.dtype(np.uint16), path)
        if values.shape[2] == 1 and alpha is None:
            Image.fromarray(np.ascontiguousarray(values[:, :, 0])).save(file, "PNG")
            return
        colors = np.repeat(values, 3, axis=2) if values.shape[2] == 1 else values[:, :, ::-1]  # to BGR
        channels = colors if alpha is None else np.dstack([colors, alpha])
        _, png = opencv(USE).imencode(".png", np.ascontiguousarray(channels))
        content = png.tobytes()
        profile = profile_chunk(image.profile) if image.profile else b""
        file.write(content[:HEADER] + profile + content[HEADER:])


def profile_chunk(profile: bytes) -> bytes:
    """Return the chunk of a color profile."""
    return png_chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(profile))


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG file, with its length and checksum."""
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")
