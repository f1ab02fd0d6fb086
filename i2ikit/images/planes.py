"""Images as the numbers that a file holds, of any depth and number of channels."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from i2ikit.errors import DataError

Range = tuple[float, float]
EIGHT_BITS: Range = (0, 255)
SIXTEEN_BITS: Range = (0, 65535)
LUMA = (0.299, 0.587, 0.114)  # Rec. 601, as Pillow's


@dataclass(frozen=True)
class Planes:
    """What a file holds, upright.

    Attributes:
        values: (H, W, C), in the file's own type.
        alpha: (H, W), 0 for transparent, in the same type; None for none.
        color: the channels are gray or red, green and blue, which can be made from each other.
        layout: how the file stores channels: ``"flat"`` (H, W), ``"last"`` (H, W, C), ``"first"`` (C, H, W) or, of
            TIFF files, ``"pages"``.
        profile: ICC color profile of the values; None for none.
    """

    values: NDArray[Any]
    alpha: NDArray[Any] | None = None
    color: bool = False
    layout: str = "last"
    profile: bytes | None = None

    def upright(self, orientation: int) -> "Planes":
        """Return the image turned as an EXIF orientation, 1 to 8, says."""
        alpha = None if self.alpha is None else turned(self.alpha, orientation)
        return replace(self, values=turned(self.values, orientation), alpha=alpha)


def turned(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return rows and columns turned as an EXIF orientation says; any other number leaves them alone."""
    if orientation in (5, 6, 7, 8):
        values = values.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    return values


def own_range(dtype: np.dtype[Any]) -> Range:
    """Return the range that numbers of a type have when nobody states one.

    0..255 for bytes, 0..65535 for other whole numbers, 0..1 for floating point and for yes or no.
    """
    if dtype == np.uint8:
        return EIGHT_BITS
    return SIXTEEN_BITS if dtype.kind in "iu" else (0, 1)


def scaled(values: NDArray[Any], limits: Range, path: str | Path, *, clip: bool = False) -> NDArray[np.float32]:
    """Return numbers of a file as 0..1.

    Args:
        values: of any shape.
        limits: the numbers that become 0 and 1.
        path: of the file, for messages.
        clip: cut off what lies outside of the range; else it is an error.

    Raises:
        DataError: a number is not finite, or outside of the range; the message names the file and what it holds.
    """
    low, high = limits
    if values.dtype.kind not in "fiub":
        raise DataError(f"the image {path} holds {values.dtype}, not numbers that can be scaled")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        share = 1 - np.isfinite(values).mean()
        raise DataError(
            f"the image {path} holds values that are not finite, NaN or infinite: {100 * share:.3g} % of all. "
            "Replace them before training."
        )
    least, most = values.min().item(), values.max().item()
    if not clip and (least < low or most > high):
        raise DataError(
            f"the image {path} holds values from {least:g} to {most:g}, but those of the data run from {low:g} to "
            f"{high:g}. State their range, data.value_range=[{least:g}, {most:g}] or wider, or cut off what lies "
            "outside, data.clip=true."
        )
    deep = values.dtype.itemsize > (2 if values.dtype.kind in "iu" else 4)
    exact: NDArray[np.floating[Any]] = values.astype(np.float64 if deep else np.float32)
    return np.clip((exact - low) / (high - low), 0, 1).astype(np.float32)


def luma(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (H, W, 1), the brightness of (H, W, 3)."""
    return (values @ np.array(LUMA))[:, :, None]
