"""From the samples that a TIFF file stores to gray or RGB values."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from i2ikit.images.formats.tiff_tags import CMYK, COLORS, PALETTE, PREMULTIPLIED, RGB, UNSIGNED, WHITE_IS_ZERO, TiffTags
from i2ikit.images.planes import Planes, full, quantized

BYTE = 8  # bits


def interpreted(stored: NDArray[Any], tags: TiffTags, colormap: NDArray[np.uint16] | None = None) -> Planes:
    """Return the image that samples stand for, not yet upright.

    Args:
        stored: (H, W), (H, W, S), or (S, H, W) for planar files.
        tags: of the file.
        colormap: (3, N), the colors of a palette, of 16 bits.
    """
    values, layout = stored[:, :, None] if stored.ndim == 2 else stored, "flat" if stored.ndim == 2 else "last"
    if stored.ndim == 3 and tags.planar:
        values, layout = np.moveaxis(stored, 0, 2), "first"
    if tags.photometric == PALETTE and colormap is not None:
        colors = np.moveaxis(colormap[:, values[:, :, 0]], 0, 2)
        return Planes((colors >> BYTE).astype(np.uint8) if tags.bits <= BYTE else colors, color=True)
    count = COLORS[tags.photometric]
    most = float(2**tags.bits - 1) if tags.sample_format == UNSIGNED else full(values.dtype)
    colors, alpha = (values[:, :, :count], values[:, :, count]) if tags.has_alpha else (values, None)
    if alpha is not None and tags.extra == (PREMULTIPLIED,):
        colors = _divided(colors, alpha, most)
    if tags.photometric == WHITE_IS_ZERO:
        colors = np.array(most, colors.dtype) - colors
    elif tags.photometric == CMYK:
        colors, layout = _printed(colors, most), "last"
    if tags.bits < BYTE:
        colors = _stretched(colors, most, np.dtype(np.uint8))
    if alpha is not None:
        alpha = _stretched(alpha, most, colors.dtype)
    known = 3 if tags.photometric in (RGB, CMYK) else 1
    return Planes(colors, alpha, color=colors.shape[2] == known, layout=layout)


def _divided(colors: NDArray[Any], alpha: NDArray[Any], most: float) -> NDArray[Any]:
    """Return colors that were multiplied by their opacity as they were before; transparent ones are 0."""
    weight = alpha[:, :, None].astype(np.float64) / most
    shares = np.divide(colors / most, weight, out=np.zeros(colors.shape), where=weight > 0)
    return quantized(shares.clip(0, 1), colors.dtype, (0, most))


def _printed(inks: NDArray[Any], most: float) -> NDArray[Any]:
    """Return RGB of cyan, magenta, yellow and black, without a profile, as Pillow converts them."""
    light = 1 - inks.astype(np.float64) / most
    return quantized(light[:, :, :3] * light[:, :, 3:], inks.dtype, (0, most))


def _stretched(values: NDArray[Any], most: float, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return values of 0..most in the full range of a type."""
    return values if most == full(dtype) else quantized(values.astype(np.float64) / most, dtype, (0, full(dtype)))
