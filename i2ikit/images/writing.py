"""Writing pictures with the depth, the channels and the format that their files had."""

import io
import logging
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from i2ikit.errors import DataError, RunError
from i2ikit.images import arrays
from i2ikit.images.colours import COLOUR, GRAY, full
from i2ikit.images.endings import WRITING, plain_ending
from i2ikit.images.planes import EIGHT_BITS, SIXTEEN_BITS, Range
from i2ikit.images.png import encode_deep_png
from i2ikit.images.reader import Picture
from i2ikit.images.tiff import encode_tiff

logger = logging.getLogger(__name__)
HOLDS_ALPHA = ("PNG", "WEBP", "TIFF", "GIF", "TGA", "JPEG2000", "AVIF")
Values = NDArray[Any]


def write_picture(picture: Picture, path: Path) -> None:
    """Write a picture in the format of the path's ending, first under a temporary name.

    Numbers have the type and the range that the picture says. What a format cannot hold is reduced, and logged: to 16
    bits in PNG, to 8 bits elsewhere but in TIFF and ``.npy``.

    Raises:
        DataError: the format can't hold so many channels.
        RunError: the file can't be written.
    """
    content = encoded(picture, path)
    temporary = path.with_name(f".{os.getpid()}.i2ikit.tmp")  # short: the name may be as long as the disk allows
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        raise RunError(f"cannot write {path}: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def encoded(picture: Picture, path: Path) -> bytes:
    """Return the bytes of the file that a picture becomes."""
    file, ending = io.BytesIO(), plain_ending(path)
    values, alpha = numbers(picture)
    shallow = values.dtype == np.uint8 and values.shape[2] in (GRAY, COLOUR)
    try:
        if ending in arrays.ENDINGS:
            arrays.encode_array(file, values if alpha is None else stacked(values, alpha), picture.layout, ending)
        elif ending == ".tif" and not shallow:
            encode_tiff(file, values, alpha, picture.layout, picture.profile)
        elif values.shape[2] not in (GRAY, COLOUR):
            raise DataError(f"{path}: a {ending} holds no {values.shape[2]} channels. Let outputs end in .tif or .npy.")
        elif ending == ".png" and not shallow:
            encode_deep_png(file, *sixteen_bits(picture, path), picture.profile)
        else:
            _encode_shallow(file, *eight_bits(picture, path), ending, picture.profile)
    except (OSError, ValueError) as error:
        raise RunError(f"cannot write {path}: {error}") from error
    return file.getvalue()


def numbers(picture: Picture) -> tuple[Values, Values | None]:
    """Return the values (H, W, C) and the opacities (H, W) of a picture, as its file holds them."""
    values, alpha = _split(picture)
    if values.dtype != np.uint8:
        values = quantised(values.astype(np.float64), picture.dtype, picture.limits)
        if picture.kept_alpha and alpha is not None:
            alpha = quantised(alpha.astype(np.float64), picture.dtype, (0, full(picture.dtype)))
    return values, alpha


def sixteen_bits(picture: Picture, path: Path) -> tuple[Values, Values | None]:
    """Return values and opacities for a PNG file with 16 bits."""
    values, alpha = numbers(picture)
    if values.dtype == np.uint16:
        return values, alpha
    logger.warning("%s: PNG holds no %s; its range becomes 16 bits", path.name, values.dtype)
    return _reduced(picture, np.dtype(np.uint16), SIXTEEN_BITS)


def eight_bits(picture: Picture, path: Path) -> tuple[Values, Values | None]:
    """Return values and opacities for a format that holds bytes."""
    values, alpha = numbers(picture)
    if values.dtype == np.uint8:
        return values, alpha
    logger.warning("%s: the format holds no %s; its range becomes 8 bits", path.name, values.dtype)
    return _reduced(picture, np.dtype(np.uint8), EIGHT_BITS)


def quantised(values: NDArray[np.float64], dtype: np.dtype[Any], limits: Range) -> Values:
    """Return 0..1 as numbers of a file: ``limits`` are what 0 and 1 become; whole numbers are rounded."""
    low, high = limits
    stretched = values * (high - low) + low
    if dtype.kind == "f":
        return stretched.astype(dtype)
    least, most = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return stretched.round().clip(least, most).astype(dtype)


def stacked(values: Values, alpha: Values) -> Values:
    """Return values with opacity as the last channel."""
    return np.concatenate([values, alpha[:, :, None].astype(values.dtype)], axis=2)


def _split(picture: Picture) -> tuple[Values, Values | None]:
    """Return pixels as an array, and opacities apart from them."""
    values: Values = np.asarray(picture.pixels)
    values = values[:, :, None] if values.ndim == 2 else values
    return (values[:, :, :-1], values[:, :, -1]) if picture.kept_alpha else (values, picture.alpha)


def _reduced(picture: Picture, dtype: np.dtype[Any], limits: Range) -> tuple[Values, Values | None]:
    values, alpha = _split(picture)
    if alpha is not None:
        shares = alpha.astype(np.float64) / (1 if picture.kept_alpha else full(alpha.dtype))
        alpha = quantised(shares, dtype, (0, full(dtype)))
    return quantised(values.astype(np.float64), dtype, limits), alpha


def _encode_shallow(file: BinaryIO, values: Values, alpha: Values | None, ending: str, profile: bytes | None) -> None:
    kind, options = WRITING[ending]
    image = Image.fromarray(np.ascontiguousarray(values[:, :, 0] if values.shape[2] == GRAY else values))
    if alpha is not None and kind in HOLDS_ALPHA:
        image.putalpha(Image.fromarray(np.ascontiguousarray(alpha)))
    image.save(file, kind, **options, **({"icc_profile": profile} if profile else {}))
