"""Self-similarity: how alike the features at one position and at others are."""

import torch
import torch.nn.functional as F
from torch import Tensor

SCALE = 10.0  # inner products are divided by it before tanh


def window_positions(size: tuple[int, int], positions: Tensor, side: int) -> Tensor:
    """Return the positions of a square window around each query, moved into the map where it would leave it.

    Args:
        size: height and width of the map, both above ``side``.
        positions: int64 (S,), row-major.
        side: of the window, P.

    Returns:
        int64 (S, P * P), row-major; the window of (y, x) begins at (y - P // 2, x - P // 2).
    """
    height, width = size
    top = (positions // width - side // 2).clamp(0, height - side)
    left = (positions % width - side // 2).clamp(0, width - side)
    steps = torch.arange(side, device=positions.device)
    rows, columns = top[:, None] + steps, left[:, None] + steps  # (S, P)
    return (rows[:, :, None] * width + columns[:, None, :]).flatten(1)


def similarity_rows(feature: Tensor, positions: Tensor, window: int, *, cosine: bool = False) -> Tensor:
    """Return the similarities of the features at ``positions`` with those around them.

    The mean over positions is subtracted first. Features of C channels have the similarity
    tanh(<query, key> / (10 C)), or, with ``cosine``, their cosine.

    Args:
        feature: (B, C, H, W).
        positions: int64 (S,), row-major, the same for all images.
        window: side P of the window of keys; the complete map where P >= H or P >= W.
        cosine: whether the similarity is the cosine.
    Shape:
        returns: (B, S, N) with N = P * P, or H * W.
    Source:
        Zheng et al. 2021, arXiv:2104.00854, eq. 2 and 3, in the form of the published code.
        differs: row and column of a position are right in maps that are not square; published exchanges them.
    """
    size = (feature.shape[-2], feature.shape[-1])
    flat = feature.flatten(2)  # (B, C, H*W)
    flat = flat - flat.mean(2, keepdim=True)
    flat = F.normalize(flat, dim=1, eps=1e-12) if cosine else flat / flat.shape[1] ** 0.5
    similarity = flat[..., positions].mT @ flat  # (B, S, H*W)
    if window < min(size):
        ids = window_positions(size, positions, window)
        similarity = similarity.gather(2, ids.expand(len(similarity), -1, -1))
    return similarity if cosine else torch.tanh(similarity / SCALE)
