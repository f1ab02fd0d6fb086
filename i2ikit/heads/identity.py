"""No projection: the features themselves, at unit length."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from i2ikit.ops.numerics import normalize
from i2ikit.registry import HEADS


@HEADS.register_module()
class IdentityHead(nn.Module):
    """The features at unit length, without weights.

    Args:
        widths: channels of each tap; each tap keeps its own.
    Shape:
        x (B, S, C) -> (B, S, C), unit length along C.
    Source:
        CUT's option ``sample``, arXiv:2007.15651.
    Example:
        >>> IdentityHead([2])(torch.tensor([[[3.0, 4.0]]]), layer=0)
        tensor([[[0.6000, 0.8000]]])
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()

    def forward(self, x: Tensor, layer: int, role: Literal["query", "key"] = "query") -> Tensor:
        """Return ``x`` at unit length; layer and role change nothing."""
        return normalize(x)
