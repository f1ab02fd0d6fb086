"""Sampling plans: how the rows of a patch loss are read from one feature map.

Both read the flattened map and transpose after. Reading a channels-last view instead would hand a channels-last
gradient to an instance norm, whose CPU backward is wrong for that at batch 1 (PyTorch 2.13 and 2.14).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from i2ikit.errors import ShapeError, counted


class SamplingPlan(Protocol):
    """Reads S rows from a feature map. One plan serves the key's and the query's map of a layer."""

    def read(self, feature: Tensor) -> Tensor:
        """Return the rows (B, S, C) of ``feature`` (B, C, H, W)."""


@dataclass(frozen=True)
class Positions:
    """Rows are positions in the map.

    Attributes:
        ids: int64 row-major positions in 0 .. H*W-1, (S,) shared by all images or (B, S) per image.
    """

    ids: Tensor

    def read(self, feature: Tensor) -> Tensor:
        """Return the features at the positions, (B, S, C)."""
        flat = feature.flatten(2)  # (B, C, H*W)
        if self.ids.ndim == 1:
            return flat[..., self.ids].transpose(1, 2)
        if len(self.ids) != len(flat):
            raise ShapeError(
                f"positions of {counted(len(self.ids), 'image')} cannot be read from a batch of {len(flat)}"
            )
        ids = self.ids[:, None, :].expand(-1, flat.shape[1], -1)  # (B, C, S)
        return flat.gather(2, ids).transpose(1, 2)


@dataclass(frozen=True)
class Routing:
    """Rows are weighted sums over positions, as in attention.

    Attributes:
        matrix: (B, S, H*W) weights; gradient flows into it.
    """

    matrix: Tensor

    def read(self, feature: Tensor) -> Tensor:
        """Return the routed features, (B, S, C)."""
        return (feature.flatten(2) @ self.matrix.mT).transpose(1, 2)


def positions_on(device: torch.device, positions: Sequence[Tensor]) -> list[Tensor]:
    """Return positions on a device: those drawn on the CPU are copied all at once, without waiting for it.

    Args:
        device: of the feature maps.
        positions: int64 (..., S) of each layer; all axes but the last are equal.
    """
    if all(each.device.type == device.type for each in positions):
        return list(positions)
    buffer = torch.cat(list(positions), dim=-1)
    if device.type == "cuda":
        buffer = buffer.pin_memory()
    return list(buffer.to(device, non_blocking=True).split([each.shape[-1] for each in positions], dim=-1))
