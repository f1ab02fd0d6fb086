"""The processes that train one model together: which of them this one is, and tensors of all of them.

A run of one process is the common case; then every function here gives back what it was given.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from i2ikit.errors import RunError


def count() -> int:
    """Return how many processes train together; 1 if no group of them has been formed."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Return the place of this process among them, from 0."""
    return dist.get_rank() if count() > 1 else 0


@contextmanager
def talking() -> Iterator[None]:
    """Turn torch's error about a connection that is closed into one that says what happened.

    Raises:
        RunError: another process has ended.
    """
    try:
        yield
    except RuntimeError as error:
        raise RunError(
            f"process {rank()} of {count()} lost the others: one of them has ended; its own message says why. Go on "
            f"with the same command and --resume. ({str(error).splitlines()[0]})"
        ) from error


def gather(x: Tensor) -> Tensor:
    """Return the rows (axis 0) of all processes, in the order of their ranks; gradient flows back to each.

    Args:
        x: of the same shape in every process.
    """
    return _Gather.apply(x) if count() > 1 else x


def total(x: Tensor) -> Tensor:
    """Return the sum of a tensor over all processes; gradient flows back to each.

    Args:
        x: of the same shape in every process.
    """
    return _Total.apply(x) if count() > 1 else x


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        parts = [torch.empty_like(x, memory_format=torch.contiguous_format) for _ in range(count())]
        with talking():
            dist.all_gather(parts, x.contiguous())
        ctx.rows = len(x)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        gradient = gradients[0].clone(memory_format=torch.contiguous_format)
        with talking():
            dist.all_reduce(gradient)
        return gradient.narrow(0, rank() * ctx.rows, ctx.rows)


class _Total(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        summed = x.clone(memory_format=torch.contiguous_format)
        with talking():
            dist.all_reduce(summed)
        return summed

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        summed = gradients[0].clone(memory_format=torch.contiguous_format)
        with talking():
            dist.all_reduce(summed)
        return summed
