"""The network that makes negatives."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from i2ikit.checks import positive_int
from i2ikit.nn.initialize import initialize
from i2ikit.ops.numerics import normalize
from i2ikit.registry import HEADS


@HEADS.register_module()
class NegativeGenerator(nn.Module):
    """Linear - ReLU - Linear - unit length, one for each layer, from what an image is like and noise to an embedding.

    It is a head, so that a phase can update it and a checkpoint holds it; it is given embeddings, not features.

    Args:
        widths: of the layers, as any head gets them; only their number counts.
        dim: width D of the embeddings, >= 1, that of the head whose embeddings it imitates.
        noise: width Z of the noise, >= 1. Published: 64.
        init, init_gain: see :func:`i2ikit.nn.initialize.initialize`.
    Shape:
        x (B, M, D + Z): context and noise -> (B, M, D), unit length along D.

    Raises:
        ValueError: an argument is out of its range.
    Source:
        Wang et al. 2021 (NEGCUT), arXiv:2108.04547, the negative generator.
    """

    def __init__(
        self, widths: Sequence[int], dim: int = 256, *, noise: int = 64, init: str = "xavier", init_gain: float = 0.02
    ) -> None:
        super().__init__()
        self.dim, self.noise = positive_int("dim", dim), positive_int("noise", noise)
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(dim + noise, dim), nn.ReLU(), nn.Linear(dim, dim)) for _ in widths
        )
        initialize(self, init, init_gain)

    def forward(self, x: Tensor, layer: int, role: Literal["query", "key"] = "key") -> Tensor:
        """Return the negatives of layer number ``layer``; both roles take the same way."""
        return normalize(self.layers[layer](x))

    def generate(self, context: Tensor, noise: Tensor, layer: int) -> Tensor:
        """Return a negative (B, M, D) for each noise vector (B, M, Z) of an image with this context (B, D)."""
        repeated = context[:, None].expand(-1, noise.shape[1], -1)
        return self(torch.cat([repeated, noise.to(context)], dim=-1), layer)
