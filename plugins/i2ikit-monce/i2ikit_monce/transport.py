"""Optimal transport between the queries and the keys of an image."""

import torch
from torch import Tensor


def transport_plan(benefit: Tensor, epsilon: float, rounds: int) -> Tensor:
    """Return how much of each query is transported to each key by the entropic plan of the greatest benefit.

    Sinkhorn's rounds scale rows and columns of exp(benefit / epsilon) in turn until all of them sum to 1; the columns,
    scaled last, do so exactly. Gradient flows through all rounds.

    Args:
        benefit: (B, S, S), what it brings to move query i to key j; -inf where nothing may move. Each row needs one
            finite entry.
        epsilon: regularization in units of the benefit, > 0. The rounds stay in the range of float32 as long as the
            finite benefits of a row differ by less than about 80 epsilon.
        rounds: of rows and columns, >= 1.
    Shape:
        returns: (B, S, S), not negative.
    Source:
        Cuturi 2013, arXiv:1306.0895, algorithm 1.
    """
    kernel = torch.softmax(benefit / epsilon, dim=-1)  # never overflows; the rounds undo a row's factor
    column = torch.ones_like(kernel[:, 0])  # (B, S)
    row = column
    for _ in range(rounds):
        row = 1 / torch.einsum("bij,bj->bi", kernel, column)
        column = 1 / torch.einsum("bij,bi->bj", kernel, row)
    return row[:, :, None] * kernel * column[:, None, :]
