"""The processes that train one model: their number, the rank of this one, and collectives with gradients.

With one process, the common case, every function here returns its argument.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from i2ikit.distributed.peers import Peers
from i2ikit.errors import RunError

CHECK = timedelta(seconds=5)  # how long a collective waits before it looks whether the other processes are there

_peers: Peers | None = None


def count() -> int:
    """Return how many processes train together; 1 without a process group."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Return the rank of this process, from 0."""
    return dist.get_rank() if count() > 1 else 0


def watch(found: Peers | None) -> None:
    """Set the connections that show :func:`exchange` that a process has ended; None: there are none."""
    global _peers
    _peers = found


@contextmanager
def lost_peers_named() -> Iterator[None]:
    """Replace torch's error about a closed connection by one that names the reason.

    Raises:
        RunError: another process has ended.
    """
    try:
        yield
    except RuntimeError as error:
        raise RunError(
            f"process {rank()} of {count()} lost the others: one of them has ended; see its own message. Resume with "
            f"the same command and --resume. ({str(error).splitlines()[0]})"
        ) from error


@lost_peers_named()
def exchange(collective: Callable[..., dist.Work | None], tensor: Tensor, *arguments: object) -> None:
    """Run a collective of torch.distributed to its end, or to the end of another process.

    Args:
        collective: it takes ``async_op``.
        tensor: its first argument; the collective runs on its device.
        arguments: the others.

    Raises:
        RunError: another process has ended.
    """
    work = collective(tensor, *arguments, async_op=True)
    assert work is not None  # it is, for a process of the group
    while tensor.device.type == "cpu" and not work.is_completed():
        try:
            work.wait(CHECK)
        except RuntimeError:  # of the time, or of gloo, which is raised again below
            if not work.is_completed() and _peers is not None and _peers.ended():
                raise
    work.wait()


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


def _sum(x: Tensor) -> Tensor:
    summed = x.clone(memory_format=torch.contiguous_format)
    exchange(dist.all_reduce, summed)
    return summed


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        parts = [torch.empty_like(x, memory_format=torch.contiguous_format) for _ in range(count())]
        exchange(partial(dist.all_gather, parts), x.contiguous())
        ctx.rows = len(x)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _sum(gradients[0]).narrow(0, rank() * ctx.rows, ctx.rows)


class _Total(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return _sum(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _sum(gradients[0])
