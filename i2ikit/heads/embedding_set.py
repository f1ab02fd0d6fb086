"""One vector for all patch embeddings of an image."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.checks import positive_int
from i2ikit.errors import ShapeError
from i2ikit.nn.initialize import initialize
from i2ikit.ops.numerics import normalize
from i2ikit.registry import HEADS


@HEADS.register_module()
class EmbeddingSetHead(nn.Module):
    """Map the embeddings of an image's patches, of all layers at once, to one vector: for terms on sets of patches.

    The embeddings are treated as a small image: layers are channels, patches are rows, widths are columns.
    Conv (3 x 3, stride 2) - ReLU - mean - Linear - ReLU - Linear - unit length.

    Args:
        widths: one for each layer; only their number counts.
        dim: width of the hidden layers and of the vector, at least 1. Published: 64.
        init, init_gain: see :func:`i2ikit.nn.initialize.initialize`.
    Shape:
        x (B, L, S, D) of L layers, S and D at least 3 -> (B, dim), unit length.

    Raises:
        ValueError: dim is below 1.
        ShapeError: embeddings of another number of layers, or too few of them.
    Source:
        Han et al. 2021, arXiv:2104.07689, the similarity loss of SimDCL and its published code.
    Example:
        >>> EmbeddingSetHead([16, 16], dim=8)(torch.randn(1, 2, 256, 16)).shape
        torch.Size([1, 8])
    """

    def __init__(self, widths: Sequence[int], dim: int = 64, *, init: str = "xavier", init_gain: float = 0.02) -> None:
        super().__init__()
        self.layers = len(widths)
        self.conv = nn.Conv2d(self.layers, positive_int("dim", dim), 3, stride=2)
        self.hidden, self.out = nn.Linear(dim, dim), nn.Linear(dim, dim)
        initialize(self, init, init_gain)

    def forward(self, x: Tensor) -> Tensor:
        """Return one vector per image."""
        if x.ndim != 4 or x.shape[1] != self.layers or min(x.shape[2:]) < 3:
            raise ShapeError(
                f"EmbeddingSetHead needs (B, {self.layers}, S, D) with S and D at least 3, got {tuple(x.shape)}"
            )
        x = F.relu(self.conv(x)).mean((2, 3))  # (B, dim)
        return normalize(self.out(F.relu(self.hidden(x))))
