"""FSeSim: rows of similarities of output and input should be equal where the output's are high."""

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.checks import same_shape
from i2ikit.registry import LOSSES

FRACTION = 4  # a quarter of each row is compared


class SimilarityLoss(nn.Module, ABC):
    """Compare rows of similarities at the highest quarter of each query row. Contract: comparison.

    Args:
        beta: where the smooth L1 distance becomes linear, >= 0; 0 is the L1 distance, published for cosines.
    Shape:
        query, key: (B, S, N), similarities of S positions of an output, and of the same positions of its input.
        returns: a scalar.

    Raises:
        ShapeError: query and key differ in shape.
        ValueError: beta is negative.
    Source:
        Zheng et al. 2021 (F-LSeSim), arXiv:2104.00854, eq. 4, in the form of the published code.
    """

    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        if beta < 0:
            raise ValueError(f"beta must be at least 0, not {beta!r}")
        self.beta = beta

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """Return the distance; which entries are kept has no gradient."""
        same_shape(type(self).__name__, query=query, key=key)
        count = query.shape[-1] // FRACTION
        lowest = query.detach().topk(count + 1, dim=-1).values[..., -1:]  # (B, S, 1)
        kept = (query.detach() >= lowest).to(query.dtype)
        return self.compared(query * kept, key * kept)

    @abstractmethod
    def compared(self, query: Tensor, key: Tensor) -> Tensor:
        """Return the distance of rows that are zero where they are not compared."""


@LOSSES.register_module()
class SimilarityCosineLoss(SimilarityLoss):
    """The cosine of both rows should be 1, at the highest quarter of the query's. Contract: comparison.

    Args:
        beta: where the smooth L1 distance becomes linear, >= 0; 0 is the L1 distance, published for cosines.
    Shape:
        query, key: (B, S, N); returns a scalar in 0..2.
    Source:
        Zheng et al. 2021 (F-LSeSim), arXiv:2104.00854, eq. 4, the mode ``cos`` of the published code.
    Example:
        >>> rows = torch.tensor([[[0.9, 0.1, 0.2, 0.3]]])
        >>> SimilarityCosineLoss()(rows, rows)
        tensor(0.)
    """

    def compared(self, query: Tensor, key: Tensor) -> Tensor:
        """Return the distance of the cosine from 1."""
        cosine = F.cosine_similarity(query, key, dim=-1)
        return F.smooth_l1_loss(cosine, torch.ones_like(cosine), beta=self.beta)


@LOSSES.register_module()
class SimilarityL1Loss(SimilarityLoss):
    """Both rows should be equal at the highest quarter of the query's. Contract: comparison.

    Args:
        beta: where the smooth L1 distance becomes linear, >= 0; 0 is the L1 distance, published for cosines.
    Shape:
        query, key: (B, S, N); returns a scalar.
    Source:
        Zheng et al. 2021 (F-LSeSim), arXiv:2104.00854, the mode ``l1`` of the published code.
    Example:
        >>> SimilarityL1Loss(beta=0.0)(torch.tensor([[[1.0, 0.0, 0.0, 0.0]]]), torch.zeros(1, 1, 4))
        tensor(1.)
    """

    def compared(self, query: Tensor, key: Tensor) -> Tensor:
        """Return the distance of the rows, times N / (N // 4)."""
        scale = query.shape[-1] / max(query.shape[-1] // FRACTION, 1)
        return F.smooth_l1_loss(scale * query, scale * key, beta=self.beta)
