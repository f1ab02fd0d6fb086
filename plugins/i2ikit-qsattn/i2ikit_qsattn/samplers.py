"""Rows of a patch loss that attention gathers for the most distinct positions of the source."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from i2ikit.checks import not_negative_int, positive_int
from i2ikit.interfaces import Positions, Read, Routing, SamplingPlan, StepReader
from i2ikit.ops.numerics import at_least_float32
from i2ikit.registry import SAMPLERS
from i2ikit_qsattn.attention import attention, global_entropy, local_entropy


class _QuerySelectedAttention(ABC):
    """Random positions for the first layers; then rows routed by the attention of the positions that score lowest.

    Gradient flows into the attention: let the term keep the graph of the key's features (``detach=["embedding"]``).
    """

    def __init__(self, num: int = 256, *, random_layers: int = 3) -> None:
        self.num = positive_int("num", num)
        self.random_layers = not_negative_int("random_layers", random_layers)

    def reads(self) -> list[Read]:
        """Return what is read besides the features: nothing."""
        return []

    def plan(self, step: StepReader, keys: Sequence[Tensor], queries: Sequence[Tensor]) -> list[SamplingPlan]:
        """Return one plan per layer for features (B, C, H, W)."""
        return [
            self._random(step, key, layer) if layer < self.random_layers else self._routed(key)
            for layer, key in enumerate(keys)
        ]

    def _random(self, step: StepReader, key: Tensor, layer: int) -> SamplingPlan:
        size = key.shape[-2] * key.shape[-1]
        ids = step.permutation(f"places/{layer}", size, min(self.num, size))
        return Positions(ids.to(key.device))

    def _routed(self, key: Tensor) -> SamplingPlan:
        with torch.autocast(key.device.type, enabled=False):
            feature = at_least_float32(key)
            with torch.no_grad():
                ids = self._entropy(feature).argsort(dim=-1, stable=True)[:, : self.num]  # (B, S)
            chosen = Positions(ids).read(feature)  # (B, S, C)
            return Routing(attention(chosen, feature.flatten(2)).to(key.dtype))

    @abstractmethod
    def _entropy(self, feature: Tensor) -> Tensor:
        """Return the score (B, H*W) of the positions of a map (B, C, H, W)."""


@SAMPLERS.register_module()
class QSAttnGlobalSampler(_QuerySelectedAttention):
    """Rows routed by attention over the map, of the positions with the narrowest attention; first layers at random.

    Args:
        num: rows per layer, >= 1; a smaller map uses as many as it has positions.
        random_layers: how many of the first layers take random positions instead, >= 0. Published: 3 of 5.
    Shape:
        reads key and query (B, C, H, W) of a layer as (B, S, C): rows of softmax(X X^T), X the key's (H*W, C).
    Source:
        Hu et al. 2022 (QS-Attn), arXiv:2203.08483, section 3.2, global attention.
    """

    def _entropy(self, feature: Tensor) -> Tensor:
        return global_entropy(feature)


@SAMPLERS.register_module()
class QSAttnLocalGlobalSampler(_QuerySelectedAttention):
    """Rows routed as by QSAttnGlobalSampler, of the positions whose attention over a window around them is narrowest.

    Args:
        num, random_layers: as in QSAttnGlobalSampler.
        window: side of the window in positions, odd. Published: 7.

    Raises:
        ValueError: an argument is out of its range.
    Source:
        Hu et al. 2022 (QS-Attn), arXiv:2203.08483, section 3.2, local attention for the selection and global attention
        for the values; keys of a window are cut as in the published code, see :func:`local_entropy`.
    """

    def __init__(self, num: int = 256, *, random_layers: int = 3, window: int = 7) -> None:
        super().__init__(num, random_layers=random_layers)
        if positive_int("window", window) % 2 == 0:
            raise ValueError(f"window must be odd, not {window}")
        self.window = window

    def _entropy(self, feature: Tensor) -> Tensor:
        return local_entropy(feature, self.window)
