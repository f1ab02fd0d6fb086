"""PNG files with 16 bits: of colors, Pillow would keep the upper 8 alone."""

import io
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from i2ikit.errors import DataError
from i2ikit.images.planes import Planes

DEPTH, COLOR_TYPE = 24, 25  # bytes of the header
GRAY_WITH_ALPHA = 4
ORIENTATION = 0x0112
HEADER = 33  # bytes of signature and header


def is_deep_color(head: bytes) -> bool:
    """Say whether the first bytes of a file are those of a PNG with 16 bits and more than one channel."""
    return head.startswith(b"\x89PNG") and len(head) > COLOR_TYPE and head[DEPTH] == 16 and head[COLOR_TYPE] != 0


def decode_deep_png(path: str | Path) -> Planes:
    """Return a PNG file with 16 bits and gray with transparency, RGB, or RGB with transparency.

    Raises:
        DataError: OpenCV is missing, or cannot read the file.
    """
    cv2 = _opencv()
    content = Path(path).read_bytes()
    orientation = 1
    with Image.open(io.BytesIO(content)) as image:
        profile = image.info.get("icc_profile")
        image.verify()  # checksums: OpenCV would fill a damaged image with black
    if b"eXIf" in content:
        with Image.open(io.BytesIO(content)) as image:
            orientation = image.getexif().get(ORIENTATION, 1)
    found = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None or found.ndim != 3:
        raise DataError(f"the image {path} cannot be read: OpenCV finds it damaged")
    alpha = found[:, :, 3] if found.shape[2] == 4 else None
    gray = content[COLOR_TYPE] == GRAY_WITH_ALPHA
    values = found[:, :, :1] if gray else found[:, :, 2::-1]  # from BGR
    return Planes(values, alpha, color=True, profile=profile).upright(orientation)


def encode_deep_png(file: BinaryIO, values: NDArray[Any], alpha: NDArray[Any] | None, profile: bytes | None) -> None:
    """Write uint16 values (H, W, 1 or 3), with their opacities (H, W), as a PNG file of 16 bits.

    Raises:
        DataError: OpenCV is missing.
    """
    if values.shape[2] == 1 and alpha is None:
        Image.fromarray(np.ascontiguousarray(values[:, :, 0])).save(file, "PNG")
        return
    colors = np.repeat(values, 3, axis=2) if values.shape[2] == 1 else values[:, :, ::-1]  # to BGR
    channels = colors if alpha is None else np.dstack([colors, alpha])
    _, png = _opencv().imencode(".png", np.ascontiguousarray(channels))
    content = png.tobytes()
    file.write(content[:HEADER] + (_profile_chunk(profile) if profile else b"") + content[HEADER:])


def _opencv() -> Any:
    try:
        import cv2
    except ImportError as error:
        raise DataError("16-bit color in PNG files needs OpenCV: pip install opencv-python") from error
    return cv2


def _profile_chunk(profile: bytes) -> bytes:
    body = b"iCCP" + b"ICC Profile\0\0" + zlib.compress(profile)
    return (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
