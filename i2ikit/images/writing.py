"""Writing images with the depth, the channels and the format that their files had."""

import io
import logging
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from i2ikit.errors import DataError, RunError
from i2ikit.files import write_atomically
from i2ikit.images import arrays
from i2ikit.images.colors import COLOR, GRAY, full
from i2ikit.images.extensions import WRITING, plain_extension
from i2ikit.images.planes import EIGHT_BITS, SIXTEEN_BITS, Range
from i2ikit.images.png import encode_deep_png
from i2ikit.images.reader import DecodedImage
from i2ikit.images.tiff import encode_tiff

logger = logging.getLogger(__name__)
HOLDS_ALPHA = ("PNG", "WEBP", "TIFF", "GIF", "TGA", "JPEG2000", "AVIF")
Values = NDArray[Any]


def write_image(image: DecodedImage, path: Path) -> None:
    """Write an image in the format of the path's extension, first under a temporary name.

    Numbers have the type and the range that the image says. What a format cannot hold is reduced, and logged: to 16
    bits in PNG, to 8 bits elsewhere but in TIFF and ``.npy``.

    Raises:
        DataError: the format can't hold so many channels.
        RunError: the file can't be written.
    """
    content = encoded(image, path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        raise RunError(f"cannot write {path}: {error}") from error


def encoded(image: DecodedImage, path: Path) -> bytes:
    """Return the bytes of the file that an image becomes."""
    file, extension = io.BytesIO(), plain_extension(path)
    values, alpha = numbers(image)
    shallow = values.dtype == np.uint8 and values.shape[2] in (GRAY, COLOR)
    try:
        if extension in arrays.EXTENSIONS:
            arrays.encode_array(file, values if alpha is None else stacked(values, alpha), image.layout, extension)
        elif extension == ".tif" and not shallow:
            encode_tiff(file, values, alpha, image.layout, image.profile)
        elif values.shape[2] not in (GRAY, COLOR):
            raise DataError(
                f"{path}: a {extension} holds no {values.shape[2]} channels. Let outputs end in .tif or .npy."
            )
        elif extension == ".png" and not shallow:
            encode_deep_png(file, *sixteen_bits(image, path), image.profile)
        else:
            _encode_shallow(file, *eight_bits(image, path), extension, image.profile)
    except (OSError, ValueError) as error:
        raise RunError(f"cannot write {path}: {error}") from error
    return file.getvalue()


def numbers(image: DecodedImage) -> tuple[Values, Values | None]:
    """Return the values (H, W, C) and the opacities (H, W) of an image, as its file holds them."""
    values, alpha = _split(image)
    if values.dtype != np.uint8:
        values = quantized(values.astype(np.float64), image.dtype, image.limits)
        if image.kept_alpha and alpha is not None:
            alpha = quantized(alpha.astype(np.float64), image.dtype, (0, full(image.dtype)))
    return values, alpha


def sixteen_bits(image: DecodedImage, path: Path) -> tuple[Values, Values | None]:
    """Return values and opacities for a PNG file with 16 bits."""
    values, alpha = numbers(image)
    if values.dtype == np.uint16:
        return values, alpha
    logger.warning("%s: PNG holds no %s; its range becomes 16 bits", path.name, values.dtype)
    return _reduced(image, np.dtype(np.uint16), SIXTEEN_BITS)


def eight_bits(image: DecodedImage, path: Path) -> tuple[Values, Values | None]:
    """Return values and opacities for a format that holds bytes."""
    values, alpha = numbers(image)
    if values.dtype == np.uint8:
        return values, alpha
    logger.warning("%s: the format holds no %s; its range becomes 8 bits", path.name, values.dtype)
    return _reduced(image, np.dtype(np.uint8), EIGHT_BITS)


def quantized(values: NDArray[np.float64], dtype: np.dtype[Any], limits: Range) -> Values:
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


def _split(image: DecodedImage) -> tuple[Values, Values | None]:
    """Return pixels as an array, and opacities apart from them."""
    values: Values = np.asarray(image.pixels)
    values = values[:, :, None] if values.ndim == 2 else values
    return (values[:, :, :-1], values[:, :, -1]) if image.kept_alpha else (values, image.alpha)


def _reduced(image: DecodedImage, dtype: np.dtype[Any], limits: Range) -> tuple[Values, Values | None]:
    values, alpha = _split(image)
    if alpha is not None:
        shares = alpha.astype(np.float64) / (1 if image.kept_alpha else full(alpha.dtype))
        alpha = quantized(shares, dtype, (0, full(dtype)))
    return quantized(values.astype(np.float64), dtype, limits), alpha


def _encode_shallow(
    file: BinaryIO, values: Values, alpha: Values | None, extension: str, profile: bytes | None
) -> None:
    kind, options = WRITING[extension]
    image = Image.fromarray(np.ascontiguousarray(values[:, :, 0] if values.shape[2] == GRAY else values))
    if alpha is not None and kind in HOLDS_ALPHA:
        image.putalpha(Image.fromarray(np.ascontiguousarray(alpha)))
    image.save(file, kind, **options, **({"icc_profile": profile} if profile else {}))
