"""Logits of a contrastive loss: similarities of queries with keys and negatives."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.distributed import processes


@dataclass(frozen=True)
class Negatives:
    """The rows that a query is contrasted with; the positive is always the key of the same row.

    Attributes:
        whole_batch: True: the other rows of all images are negatives, over all processes unless ``scale`` or
            ``log_weight`` is set; False: only those of the same image.
        keys: (B, M, D) or (M, D) other negatives, used instead of the other rows; None: the other rows.
        scale: factor of each negative's similarity, shaped like the similarities (G, R, M); None: 1.
        log_weight: logarithm of each negative's weight in the sum, same shape; None: 0.
    """

    whole_batch: bool = False
    keys: Tensor | None = None
    scale: Tensor | None = None
    log_weight: Tensor | None = None


def grouped(rows: Tensor, negatives: Negatives) -> Tensor:
    """Return rows (B, S, D) as (G, R, D): one group per image, or one group of the whole batch."""
    return rows.reshape(1, -1, rows.shape[-1]) if negatives.whole_batch else rows


def contrast_logits(query: Tensor, key: Tensor, negatives: Negatives, tau: float) -> tuple[Tensor, Tensor]:
    """Return the softmax logits of every query and the column of its positive.

    Args:
        query, key: (B, S, D) rows.
        negatives: what each query is contrasted with. With ``negatives.keys`` the columns are [positive, keys];
            otherwise the columns are the keys of the group and the positive is on the diagonal.
        tau: temperature, > 0.

    Returns:
        logits (G, R, M) and the positive's column int64 (G, R).
    """
    query, key = grouped(query, negatives), grouped(key, negatives)
    if negatives.keys is None:
        columns, first = key, 0
        if negatives.whole_batch and negatives.scale is None and negatives.log_weight is None:
            columns, first = processes.gather(key[0])[None], processes.rank() * key.shape[1]
        similarity = query @ columns.mT  # (G, R, R), or (1, R, N * R) of N processes
        positive = torch.arange(first, first + key.shape[1], device=key.device).expand(len(key), -1)
    else:
        others = negatives.keys if negatives.keys.ndim == 2 else grouped(negatives.keys, negatives)
        similarity = torch.cat([(query * key).sum(-1, keepdim=True), query @ others.mT], dim=-1)
        positive = torch.zeros(query.shape[:2], dtype=torch.int64, device=key.device)
    changed = similarity
    if negatives.scale is not None:
        changed = changed * _beside_positive(negatives.scale, similarity)
    if negatives.log_weight is not None:
        changed = changed + tau * _beside_positive(negatives.log_weight, similarity)
    if changed is not similarity:
        similarity = torch.where(at_column(positive, similarity.shape[-1]), similarity, changed)
    return similarity / tau, positive


def at_column(positive: Tensor, count: int) -> Tensor:
    """Return bool (..., count), True at the column that ``positive`` (...) names; ``one_hot`` may read it."""
    return positive[..., None] == torch.arange(count, device=positive.device)


def _beside_positive(weights: Tensor, similarity: Tensor) -> Tensor:
    """Add an unused first column for the positive to weights of external negatives."""
    return weights if weights.shape[-1] == similarity.shape[-1] else F.pad(weights, (1, 0))
