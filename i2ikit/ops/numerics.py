"""Arithmetic that must not overflow, underflow, or give NaN gradients."""

import torch
from torch import Tensor


def at_least_float32(x: Tensor) -> Tensor:
    """Return ``x`` in float32 if it is in half precision, else unchanged."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def normalize(x: Tensor, dim: int = -1, eps: float = 1e-7) -> Tensor:
    """Return x / (||x|| + eps) along ``dim``; a zero vector stays zero and gets a zero gradient.

    The published code divides by the norm itself, whose gradient at zero is NaN.

    Args:
        x: embeddings; half precision is computed, and returned, in float32.
        dim: the axis of the vectors.
        eps: added to the norm, >= 0.
    Source:
        CUT, arXiv:2007.15651: its published code adds 1e-7 to the norm (it does not clamp it).
    """
    x = at_least_float32(x)
    zero = (x == 0).all(dim, keepdim=True)
    length = torch.linalg.vector_norm(x.masked_fill(zero, 1.0), dim=dim, keepdim=True)
    return (x / (length + eps)).masked_fill(zero, 0.0)
