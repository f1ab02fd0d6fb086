"""How the positions of an image are related, by their embeddings."""

import torch
import torch.nn.functional as F
from torch import Tensor

OWN_POSITION = -10.0  # similarity of a position with itself where only the others count


def relations(rows: Tensor) -> Tensor:
    """Return the logarithm of the distribution of each position's relations over all positions, itself included.

    Args:
        rows: (B, S, D), unit length along D.
    Shape:
        returns: (B, S, S); the exponentials of a row sum to 1.
    Source:
        Jung et al. 2022, arXiv:2203.01532, the semantic relation of patches.
    """
    return F.log_softmax(rows @ rows.mT, dim=-1)


def divergence(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return the Jensen-Shannon divergence of distributions along the last axis, in nats, 0..log 2.

    Args:
        log_p, log_q: (..., S) logarithms of the distributions.
    Shape:
        returns: (...).
    Source:
        Lin 1991, "Divergence measures based on the Shannon entropy", eq. 4.1 with equal weights.
    """
    log_middle = torch.logaddexp(log_p, log_q) - torch.log(log_p.new_tensor(2.0))
    parts = log_p.exp() * (log_p - log_middle) + log_q.exp() * (log_q - log_middle)
    return 0.5 * parts.sum(-1)


def related_weights(key: Tensor, gamma: float) -> Tensor:
    """Return how closely every other position is related to a position: 1 for its closest one.

    Args:
        key: (B, S, D), unit length along D.
        gamma: temperature of the relation, > 0; large: all positions count equally.
    Shape:
        returns: (B, S, S) in 0..1; every row's greatest entry is 1.
    Source:
        Jung et al. 2022, arXiv:2203.01532, the hard negatives of hDCE, as in its published code.
    """
    own = torch.eye(key.shape[1], dtype=torch.bool, device=key.device)
    similarity = (key @ key.mT).masked_fill(own, OWN_POSITION)
    closest = similarity.amax(dim=-1, keepdim=True)
    return ((similarity - closest) / gamma).exp()
