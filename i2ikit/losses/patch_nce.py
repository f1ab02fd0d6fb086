"""PatchNCE: a patch of the output must find its own position in the input."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.checks import positive, same_shape
from i2ikit.errors import ShapeError
from i2ikit.interfaces import Negatives
from i2ikit.ops.contrast import at_column, contrast_logits
from i2ikit.registry import LOSSES

WITHIN_IMAGE = Negatives()


@LOSSES.register_module()
class PatchNCELoss(nn.Module):
    """Cross entropy of finding a query's own key among its negatives. Contract: contrast.

    Args:
        tau: softmax temperature, > 0, no unit. The paper uses 0.07.
    Shape:
        query, key: (B, S, D), unit length along D; S positions in one image.
        returns: scalar in nats, the mean over B * S; log S is chance level when the negatives are the S - 1 others.

    Raises:
        ShapeError: query and key differ in shape.
    Source:
        Park et al. 2020, arXiv:2007.15651, the term of one layer in eq. 4.
    Example:
        >>> rows = torch.eye(4)[None]  # 4 patches of one image, each orthogonal to the others
        >>> PatchNCELoss(tau=1.0)(rows, rows)
        tensor(0.7437)
    """

    def __init__(self, tau: float = 0.07) -> None:
        super().__init__()
        self.tau = positive("tau", tau)

    def forward(self, query: Tensor, key: Tensor, negatives: Negatives = WITHIN_IMAGE) -> Tensor:
        """Return the loss of one layer."""
        same_shape(type(self).__name__, query=query, key=key)
        logits, positive_column = contrast_logits(query, key, negatives, self.tau)
        return F.cross_entropy(logits.flatten(0, 1), positive_column.flatten())


@LOSSES.register_module()
class CosinePatchNCELoss(PatchNCELoss):
    """PatchNCE on cosine similarities: rows that are not of unit length are normalized first. Contract: contrast.

    Differs from :class:`PatchNCELoss` only where an embedding is so short that the small constant of the heads'
    normalization matters, as it does in the first steps.

    Source:
        Han et al. 2021 (DCLGAN), arXiv:2104.07689.
    Example:
        >>> rows = torch.eye(4)[None]
        >>> CosinePatchNCELoss(tau=1.0)(5 * rows, rows)
        tensor(0.7437)
    """

    def forward(self, query: Tensor, key: Tensor, negatives: Negatives = WITHIN_IMAGE) -> Tensor:
        """Return the loss of one layer."""
        return super().forward(F.normalize(query, dim=-1, eps=1e-8), F.normalize(key, dim=-1, eps=1e-8), negatives)


@LOSSES.register_module()
class DecoupledPatchNCELoss(PatchNCELoss):
    """PatchNCE without the positive in its own denominator, so that an easy positive does not damp the gradient.

    Contract: contrast.

    Shape:
        as PatchNCELoss; returns a scalar in nats that may be negative.

    Raises:
        ShapeError: query and key differ in shape, or a query has no negative at all.
    Source:
        Yeh et al. 2021, arXiv:2110.06848; the contrastive form of EnCo as its authors released it.
    Example:
        >>> rows = torch.eye(4)[None]
        >>> DecoupledPatchNCELoss(tau=1.0)(rows, rows)
        tensor(0.0986)
    """

    def forward(self, query: Tensor, key: Tensor, negatives: Negatives = WITHIN_IMAGE) -> Tensor:
        """Return the loss of one layer."""
        same_shape(type(self).__name__, query=query, key=key)
        logits, positive_column = contrast_logits(query, key, negatives, self.tau)
        if logits.shape[-1] < 2:
            raise ShapeError("DecoupledPatchNCELoss needs at least one negative for each query, got none")
        own = at_column(positive_column, logits.shape[-1])
        others = logits.masked_fill(own, -torch.inf)
        return (others.logsumexp(-1) - logits.gather(-1, positive_column[..., None]).squeeze(-1)).mean()
