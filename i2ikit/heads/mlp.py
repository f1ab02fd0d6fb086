"""The two-layer projection of CUT."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from i2ikit.checks import positive_int
from i2ikit.nn.initialize import initialize
from i2ikit.ops.numerics import normalize
from i2ikit.registry import HEADS


@HEADS.register_module()
class MLPHead(nn.Module):
    """Linear - ReLU - Linear - unit length, one for each tap, the same for query and key.

    Args:
        widths: channels of each tap, as ``generator.widths(taps)`` gives them.
        dim: width D of the hidden layer and of the embedding, at least 1. Published: 256.
        init, init_gain: see :func:`i2ikit.nn.initialize.initialize`.
    Shape:
        x (B, S, C), C = widths[layer] -> (B, S, D), unit length along D.

    Raises:
        ValueError: an argument is out of its range.
        IndexError: there is no such layer.
    Source:
        Park et al. 2020, arXiv:2007.15651, appendix C.1; also the head of EnCo's first version, arXiv:2211.10867.
    Example:
        >>> head = MLPHead([64, 128], dim=16)
        >>> head(torch.zeros(1, 256, 128), layer=1).shape
        torch.Size([1, 256, 16])
    """

    def __init__(self, widths: Sequence[int], dim: int = 256, *, init: str = "xavier", init_gain: float = 0.02) -> None:
        super().__init__()
        positive_int("dim", dim)
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(positive_int("widths", width), dim), nn.ReLU(), nn.Linear(dim, dim))
            for width in widths
        )
        initialize(self, init, init_gain)

    def forward(self, x: Tensor, layer: int, role: Literal["query", "key"] = "query") -> Tensor:
        """Embed the features ``x`` of tap number ``layer``; both roles use the same layers."""
        return normalize(self.layers[layer](x))
