"""Images as the values that a file stores, of any depth and number of channels."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from i2ikit.errors import DataError
from i2ikit.ops.pixels import Pixels

logger = logging.getLogger(__name__)
Range = tuple[float, float]
Values = NDArray[Any]
EIGHT_BITS: Range = (0, 255)
SIXTEEN_BITS: Range = (0, 65535)
BYTES: np.dtype[Any] = np.dtype(np.uint8)


@dataclass(frozen=True)
class Planes:
    """What a file holds, upright.

    Attributes:
        values: (H, W, C), in the file's own type.
        alpha: (H, W), 0 for transparent, in the same type; None for none.
        color: the channels are gray or RGB, which can be converted into each other.
        layout: how the file stores channels: ``"flat"`` (H, W), ``"last"`` (H, W, C), ``"first"`` (C, H, W) or, in
            TIFF files, ``"pages"``.
        profile: ICC color profile of the values; None for none.
    """

    values: Values
    alpha: Values | None = None
    color: bool = False
    layout: str = "last"
    profile: bytes | None = None

    def upright(self, orientation: int) -> "Planes":
        """Return the image turned by an EXIF orientation, 1 to 8."""
        alpha = None if self.alpha is None else turned(self.alpha, orientation)
        return replace(self, values=turned(self.values, orientation), alpha=alpha)


@dataclass(frozen=True)
class DecodedImage:
    """An image, upright, with all that is needed to write it back.

    Attributes:
        pixels: as :class:`i2ikit.images.Reader` returns them.
        alpha: opacity (H, W), as stored in the file; None for an image without transparency.
        dtype: of the values in the file.
        limits: the stored values that correspond to 0 and 1.
        layout: how the file stores channels, see :class:`Planes`.
        profile: ICC color profile of ``pixels``; None for none.
        kept_alpha: the last channel of ``pixels`` is opacity.
        background: the value, 0..1, on which ``pixels`` show a transparent image; None where they do not.
    """

    pixels: Pixels
    alpha: Values | None = None
    dtype: np.dtype[Any] = BYTES
    limits: Range = EIGHT_BITS
    layout: str = "last"
    profile: bytes | None = None
    kept_alpha: bool = False
    background: float | None = None

    @property
    def channels(self) -> int:
        """Number of channels without opacity."""
        return int(self._split()[0].shape[2])

    @property
    def stored_dtype(self) -> np.dtype[Any]:
        """Type of the values that :meth:`stored_values` returns."""
        return BYTES if self._split()[0].dtype == BYTES else self.dtype

    def stored_values(
        self, dtype: np.dtype[Any] | None = None, *, opaque: bool = False
    ) -> tuple[Values, Values | None]:
        """Return values (H, W, C) and opacity (H, W) as a file stores them.

        Args:
            dtype: type of the values, with its full range; None: the type and range of the image.
            opaque: return the look of the image on its background, without opacity.
        """
        values, alpha = self._split()
        if alpha is not None:
            values = self._colors(values, alpha, opaque=opaque)
            alpha = None if opaque else alpha
        if values.dtype == BYTES:
            return values, alpha
        target, limits = self.dtype, self.limits
        if dtype is not None and dtype != self.dtype:
            target, limits = dtype, own_range(dtype)
        if alpha is not None and (self.kept_alpha or target != self.dtype):
            alpha = quantized(self._weight(alpha), target, (0, full(target)))
        return quantized(values.astype(np.float64), target, limits), alpha

    def reduced_values(self, dtype: np.dtype[Any], path: Path, *, opaque: bool = False) -> tuple[Values, Values | None]:
        """Return the stored values as a type that a format can hold; log a warning if it is not the image's own."""
        own = self.stored_dtype
        if own != dtype:
            kind, bits = path.suffix[1:].upper(), 8 * dtype.itemsize
            logger.warning("%s: %s cannot hold %s; its range is reduced to %d bits", path.name, kind, own, bits)
        return self.stored_values(dtype, opaque=opaque)

    def _colors(self, values: Values, alpha: Values, *, opaque: bool) -> Values:
        """Return the colors with which a file looks like ``pixels``: on the background, or as they are below it."""
        shown, weight = values.astype(np.float64) / full(values.dtype), self._weight(alpha)[:, :, None]
        if self.kept_alpha and opaque:
            shown = shown * weight + 1 - weight
        elif self.background is not None and not opaque:
            below = shown - self.background * (1 - weight)
            shown = np.divide(below, weight, out=shown, where=weight > 0).clip(0, 1)
        else:
            return values
        return quantized(shown, BYTES, EIGHT_BITS) if values.dtype == BYTES else shown

    def _weight(self, alpha: Values) -> NDArray[np.float64]:
        """Return opacity as 0..1."""
        return (alpha.astype(np.float64) / (1 if self.kept_alpha else full(alpha.dtype))).clip(0, 1)

    def _split(self) -> tuple[Values, Values | None]:
        """Return pixels as an array (H, W, C), and opacity separately."""
        values: Values = np.asarray(self.pixels)
        values = values[:, :, None] if values.ndim == 2 else values
        return (values[:, :, :-1], values[:, :, -1]) if self.kept_alpha else (values, self.alpha)


def quantized(values: NDArray[np.float64], dtype: np.dtype[Any], limits: Range) -> Values:
    """Return 0..1 as values of a type: 0 and 1 become ``limits``; integers are rounded and clipped to their type."""
    low, high = limits
    stretched = values * (high - low) + low
    if dtype.kind == "f":
        return stretched.astype(dtype)
    least, most = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return stretched.round().clip(least, most).astype(dtype)


def scaled(values: Values, limits: Range, path: str | Path, *, clip: bool = False) -> NDArray[np.float32]:
    """Return the values of a file as 0..1.

    Args:
        values: of any shape.
        limits: the values that become 0 and 1.
        path: of the file, for messages.
        clip: clip values outside of the range; else they are an error.

    Raises:
        DataError: a value is not finite, or outside of the range; the message names the file and its range.
    """
    low, high = limits
    if values.dtype.kind not in "fiub":
        raise DataError(f"the image {path} holds {values.dtype}, which cannot be scaled")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        fraction = 1 - np.isfinite(values).mean()
        raise DataError(
            f"the image {path} holds values that are not finite, NaN or infinite: {100 * fraction:.3g} % of all. "
            "Replace them first."
        )
    least, most = values.min().item(), values.max().item()
    if not clip and (least < low or most > high):
        wide = f"{min(low, _rounded(least, math.floor)):g},{max(high, _rounded(most, math.ceil)):g}"
        raise DataError(
            f"the image {path} holds values from {least:g} to {most:g}, but the range of the data is {low:g} to "
            f"{high:g}. Set one range for all images, at least [{wide}]: data.value_range in a config, `--value-range="
            f"{wide}` for `i2ikit translate`, value_range=({wide}) for Translator.load. Or train with data.clip=true, "
            "which clips what is outside."
        )
    deep = values.dtype.itemsize > (2 if values.dtype.kind in "iu" else 4)
    exact: NDArray[np.floating[Any]] = values.astype(np.float64 if deep else np.float32)
    return np.clip((exact - low) / (high - low), 0, 1).astype(np.float32)


def _rounded(value: float, direction: Callable[[float], int]) -> float:
    """Return a number with five significant digits, not above (``math.floor``) or below (``math.ceil``) a value."""
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 4) if value else 1.0
    return direction(value / unit) * unit


def own_range(dtype: np.dtype[Any]) -> Range:
    """Return the default range of a type: 0..255 for bytes, 0..65535 for other integers, 0..1 for floats and bools."""
    if dtype == np.uint8:
        return EIGHT_BITS
    return SIXTEEN_BITS if dtype.kind in "iu" else (0, 1)


def full(dtype: np.dtype[Any]) -> float:
    """Return the value of full opacity in a type."""
    return 1.0 if dtype.kind in "fb" else float(np.iinfo(dtype).max)


def turned(values: Values, orientation: int) -> Values:
    """Return rows and columns turned by an EXIF orientation; any other number leaves them unchanged."""
    if orientation in (5, 6, 7, 8):
        values = values.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    return values
