"""Cosine distance of two sides of a stage."""

import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.checks import same_shape
from i2ikit.registry import LOSSES


@LOSSES.register_module()
class CosineLoss(nn.Module):
    """Two minus twice the cosine of query and key: the squared distance of their directions, no negatives.

    Contract: comparison.

    Shape:
        query, key: (B, S, D); returns a scalar in 0..4, the mean over B * S; 2 means unrelated directions.

    Raises:
        ShapeError: query and key differ in shape.
    Source:
        Cai et al. 2024 (EnCo), arXiv:2211.10867; Grill et al. 2020, arXiv:2006.07733, eq. 2.
    Example:
        >>> CosineLoss()(torch.tensor([[[1.0, 0.0]]]), torch.tensor([[[0.0, 1.0]]]))
        tensor(2.)
    """

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """Return the loss of one layer."""
        same_shape("CosineLoss", query=query, key=key)
        return 2.0 - 2.0 * F.cosine_similarity(query, key, dim=-1).mean()
