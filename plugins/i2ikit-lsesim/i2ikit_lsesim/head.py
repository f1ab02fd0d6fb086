"""The head of LSeSim: a small network on each position of a tap."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from i2ikit.checks import positive_int
from i2ikit.nn.initialize import initialize
from i2ikit.registry import HEADS

NARROWEST = 32


@HEADS.register_module()
class SimilarityHead(nn.Module):
    """Linear - ReLU - Linear at each position, one for each tap; not of unit length, for similarities.

    Args:
        widths: channels C of each tap; the embeddings have max(32, C // 4).
        init, init_gain: see :func:`i2ikit.nn.initialize.initialize`.
    Shape:
        x (B, S, C), C = widths[layer] -> (B, S, max(32, C // 4)).
    Source:
        Zheng et al. 2021 (LSeSim), arXiv:2104.00854, section 3.3; 1 x 1 convolutions in the published code.
    Example:
        >>> import torch
        >>> SimilarityHead([256, 512])(torch.zeros(1, 9, 512), layer=1).shape
        torch.Size([1, 9, 128])
    """

    def __init__(self, widths: Sequence[int], *, init: str = "normal", init_gain: float = 0.02) -> None:
        super().__init__()
        pairs = [(positive_int("widths", width), max(NARROWEST, width // 4)) for width in widths]
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(width, dim), nn.ReLU(), nn.Linear(dim, dim)) for width, dim in pairs
        )
        initialize(self, init, init_gain)

    def forward(self, x: Tensor, layer: int, role: Literal["query", "key"] = "query") -> Tensor:
        """Embed the features ``x`` of tap number ``layer``; both roles use the same layers."""
        embedded: Tensor = self.layers[layer](x)
        return embedded
