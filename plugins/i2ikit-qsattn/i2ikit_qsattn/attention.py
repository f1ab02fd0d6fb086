"""Self-attention of a feature map, and its entropy at each position."""

import torch
import torch.nn.functional as F
from torch import Tensor


def attention(rows: Tensor, positions: Tensor) -> Tensor:
    """Return the softmax over positions of the plain products of features.

    Args:
        rows: (B, S, C) features that look.
        positions: (B, C, M) features attended to, as in a flattened map.

    Returns:
        (B, S, M) weights; those of a row sum to 1.
    """
    return (rows @ positions).softmax(-1)


def global_entropy(feature: Tensor) -> Tensor:
    """Return how widely each position attends over the map, in nats.

    Args:
        feature: (B, C, H, W).

    Returns:
        (B, H*W) values in 0 .. log(H*W); 0: a position attends to one position only.
    """
    flat = feature.flatten(2)  # (B, C, H*W)
    return torch.special.entr(attention(flat.mT, flat)).sum(-1)


def local_entropy(feature: Tensor, window: int) -> Tensor:
    """Return how widely each position attends over the window around it, in nats.

    The window is zero outside the map. Its values are cut into keys as the published code does it: they come channel by
    channel, with the positions of the window innermost, and every C of them in a row form one key, so that a key
    mixes positions. With C = 1 that is the plain window.

    Args:
        feature: (B, C, H, W).
        window: side in positions, odd.

    Returns:
        (B, H*W) values in 0 .. log(window^2).
    """
    images, channels = feature.shape[:2]
    around = F.unfold(feature, window, padding=window // 2)  # (B, C*window^2, H*W)
    keys = around.mT.reshape(-1, window * window, channels)  # (B*H*W, window^2, C)
    own = feature.flatten(2).mT.reshape(-1, 1, channels)  # (B*H*W, 1, C)
    return torch.special.entr(attention(own, keys.mT)).sum(-1).view(images, -1)
