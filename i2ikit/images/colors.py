"""Converts the colors of a file to the channels that the data should have."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from i2ikit.errors import DataError, counted
from i2ikit.images.planes import Planes, full

BACKGROUNDS = {"white": 1.0, "black": 0.0}
POLICIES = (*BACKGROUNDS, "ignore", "keep")
GRAY, COLOR = 1, 3
LUMA = (0.299, 0.587, 0.114)  # Rec. 601, as Pillow's


def with_channels(planes: Planes, channels: int, policy: str, path: str | Path) -> Planes:
    """Return planes with a number of channels; only gray and RGB are converted into each other.

    With the policy ``"keep"`` opacity becomes the last channel, otherwise it remains separate.

    Raises:
        DataError: the file has another number of channels.
    """
    colors = channels - 1 if policy == "keep" else channels
    found = planes.values.shape[2]
    if planes.color and {found, colors} <= {GRAY, COLOR}:
        planes = _recolored(planes, colors)
    elif not (found == channels and planes.alpha is None):
        raise DataError(f"the image {path} {_wrong(planes, channels)}")
    if policy != "keep" or not planes.color:
        return planes
    alpha = np.full_like(planes.values[:, :, 0], full(planes.values.dtype)) if planes.alpha is None else planes.alpha
    return replace(planes, values=np.concatenate([planes.values, alpha[:, :, None]], axis=2), alpha=None, layout="last")


def as_image(planes: Planes, channels: int, policy: str) -> Image.Image | None:
    """Return 8-bit gray or RGB as an image of Pillow, without transparency; None for all other planes.

    Args:
        planes: of a file.
        channels: that the data should have; planes without colors are not converted.
        policy: ``"white"`` or ``"black"``, the background; ``"ignore"``: the stored colors.
    """
    values = planes.values
    convertible = planes.color or values.shape[2] == channels
    if values.dtype != np.uint8 or values.shape[2] not in (GRAY, COLOR) or not convertible:
        return None
    if planes.alpha is not None and policy in BACKGROUNDS:
        levels = composed(np.divide(values, 255, dtype=np.float32), planes.alpha, policy)
        values = (levels * 255).round().astype(np.uint8)
    values = np.ascontiguousarray(values)
    return Image.fromarray(values[:, :, 0] if values.shape[2] == GRAY else values)


def as_planes(image: Image.Image) -> Planes:
    """Return an image of Pillow, L or RGB, as planes."""
    values = np.asarray(image)
    return Planes(values[:, :, None] if values.ndim == 2 else values, color=True)


def composed(values: NDArray[np.float32], alpha: NDArray[Any] | None, policy: str) -> NDArray[np.float32]:
    """Return values (H, W, C) in 0..1 on the background of a policy."""
    if alpha is None or policy not in BACKGROUNDS:
        return values
    weight = np.clip(alpha.astype(np.float32) / full(alpha.dtype), 0, 1)[:, :, None]  # (H, W, 1)
    return values * weight + np.float32(BACKGROUNDS[policy]) * (1 - weight)


def _recolored(planes: Planes, colors: int) -> Planes:
    if planes.values.shape[2] == colors:
        return planes
    if colors == COLOR:
        return replace(planes, values=np.repeat(planes.values, COLOR, axis=2), layout="last")
    kind = planes.values.dtype
    if kind == np.uint8:
        gray_with_alpha = Image.fromarray(np.ascontiguousarray(planes.values)).convert("LA")
        return replace(planes, values=np.asarray(gray_with_alpha)[:, :, :1])
    gray = (planes.values.astype(np.float64) @ np.array(LUMA))[:, :, None]
    return replace(planes, values=(gray.round() if kind.kind in "iu" else gray).astype(kind), layout="flat")


def _wrong(planes: Planes, channels: int) -> str:
    """Return what is wrong with planes that do not fit a number of channels, and what to set instead."""
    found = planes.values.shape[2]
    if planes.color and channels in (GRAY + 1, COLOR + 1):
        return (
            f"is gray or RGB, which does not fit data.channels={channels}: set data.alpha=keep to read transparency as "
            f"the last channel, or data.channels={channels - 1}"
        )
    if planes.color:
        return f"is gray or RGB, which does not fit data.channels={channels}: set data.channels=3 or data.channels=1"
    opaque = " and transparency" if planes.alpha is not None else ""
    return f"has {counted(found, 'channel')}{opaque}, but data.channels is {channels}: set data.channels={found}"
