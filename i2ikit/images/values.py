"""Which part of its range a set of images uses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from i2ikit.images.planes import BYTES, Planes, Range, own_range

LEAST_SHARE = 0.5  # of a range; with less, the images look dark and flat to a network
DIGITS = 3  # of a proposed limit that is not an integer


@dataclass(frozen=True)
class UsedValues:
    """The values of one image or several with one data type.

    Attributes:
        dtype: as the files store them.
        low, high: the smallest and the largest value.
        bits: that differ, of integers: 12 of 16 for the values 0 to 4095, and for their multiples by 16.
    """

    dtype: np.dtype[Any]
    low: float
    high: float
    bits: int

    def joined(self, other: "UsedValues") -> "UsedValues":
        """Return the values of both."""
        low, high = min(self.low, other.low), max(self.high, other.high)
        return UsedValues(self.dtype, low, high, max(self.bits, other.bits))

    def describe(self) -> str:
        """Return the values and the bits in use as text."""
        low, high = format_range((self.low, self.high))[1:-1].split(",")
        depth = f"{self.bits} of {8 * self.dtype.itemsize} bits" if self.dtype.kind in "iu" else str(self.dtype)
        return f"{low} to {high}, {depth}"

    def proposed_range(self, limits: Range | None = None) -> Range | None:
        """Return a range that the values fill if they use less than half of theirs, else None.

        Args:
            limits: the range in use; None: that of the data type.
        """
        low, high = limits or own_range(self.dtype)
        if not 0 < self.high - self.low < LEAST_SHARE * (high - low):
            return None
        if self.dtype.kind in "iu":
            return (0, 2 ** int(self.high).bit_length() - 1) if self.low >= 0 else (self.low, self.high)
        step = 10 ** (np.floor(np.log10(self.high - self.low)) + 1 - DIGITS)
        lowest = 0.0 if 0 <= self.low < self.high - self.low else float(np.floor(self.low / step) * step)
        return lowest, float(f"{np.ceil(self.high / step) * step:.12g}")


def used_values(image: Image.Image | Planes) -> UsedValues | None:
    """Return the values of a decoded image; None if it has none that can be compared."""
    values = np.asarray(image) if isinstance(image, Image.Image) else image.values
    if values.dtype.kind not in "fiub" or not values.size or not np.isfinite(values).all():
        return None
    bits = 0
    if values.dtype.kind in "iu":
        offsets = (values - values.min()).view(f"u{values.itemsize}")
        differing = int(np.bitwise_or.reduce(offsets, axis=None))
        bits = differing.bit_length() - ((differing & -differing).bit_length() - 1 if differing else 0)
    dtype = BYTES if isinstance(image, Image.Image) else values.dtype
    return UsedValues(dtype, values.min().item(), values.max().item(), bits)


def joined_values(found: Iterable[UsedValues | None]) -> list[UsedValues]:
    """Return the values of several images, one for each data type."""
    joined: dict[np.dtype[Any], UsedValues] = {}
    for used in found:
        if used is not None:
            joined[used.dtype] = joined[used.dtype].joined(used) if used.dtype in joined else used
    return list(joined.values())


def proposed_setting(ranges: Mapping[str, UsedValues], limits: Mapping[str, Range]) -> str:
    """Return the value of ``data.value_range`` for domains of which some use less than half of their range.

    Args:
        ranges: by domain, what its images use.
        limits: by domain, the range in use.

    Returns:
        one range if it fits all domains, else one for each; empty if no domain uses so little.
    """
    proposed = {name: used.proposed_range(limits[name]) for name, used in ranges.items()}
    if not any(proposed.values()):
        return ""
    chosen = {name: format_range(found or limits[name]) for name, found in proposed.items()}
    if len({*chosen.values()}) == 1:
        return chosen.popitem()[1]
    return "{" + ", ".join(f"{name}: {text}" for name, text in chosen.items()) + "}"


def format_range(limits: Range) -> str:
    """Return a range as ``--set`` and ``--value-range`` take it: ``[0,4095]``."""
    low, high = (int(value) if float(value).is_integer() else value for value in limits)
    return f"[{low},{high}]"
