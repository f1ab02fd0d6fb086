"""Linear operations on images whose gradients are computed in a faster way than PyTorch's own."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

Operation = Callable[[Tensor], Tensor]
LOW = (torch.bfloat16, torch.float16)
PIECE = 2**20  # values of maps that are halved together: they stay in the cache


class _Linear(torch.autograd.Function):
    """A linear operation; its gradient is its adjoint, whose gradient is the operation again."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, operation: Operation, adjoint: Operation) -> Tensor:
        """Return ``operation(x)``."""
        ctx.operation, ctx.adjoint = operation, adjoint
        return operation(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """Return the gradient of ``x``; it is differentiable, for penalties on gradients."""
        return _Linear.apply(gradient, ctx.adjoint, ctx.operation), None, None


def linear(x: Tensor, operation: Operation, adjoint: Operation) -> Tensor:
    """Return ``operation(x)``, a linear function of ``x``.

    Args:
        x: its input.
        operation: from ``x`` to the result; without gradients nothing else is called.
        adjoint: from the gradient of the result to that of ``x``, in the shape of ``x``.
    """
    if torch.compiler.is_compiling() or not (torch.is_grad_enabled() and x.requires_grad):
        return operation(x)
    result: Tensor = _Linear.apply(x, operation, adjoint)
    return result


# halving: [1, 2, 1] / 4 at the even positions, the border reflected without its edge ----------------------------------


def halve(x: Tensor, *, in_pieces: bool = False) -> Tensor:
    """Blur images with [1, 2, 1] x [1, 2, 1] / 16 and keep every second row and column.

    Written as sums of slices: on a CPU a depthwise convolution takes about ten times as long, forward and back.

    Args:
        in_pieces: go through the maps in pieces that stay in the cache, and compute in float32 where ``x`` is shorter:
            faster on CPUs, up to 2.5 times in bfloat16.
    Shape:
        (B, C, H, W) with H, W >= 2 -> (B, C, ceil(H / 2), ceil(W / 2)); the border is reflected without its edge.
    """
    return linear(x, _halve_in_pieces if in_pieces else _halve_both, partial(_halve_adjoint, size=x.shape[-2:]))


def _halve_both(x: Tensor) -> Tensor:
    return _halve(_halve(x, -2), -1) / 16


def _halve_in_pieces(x: Tensor) -> Tensor:
    *images, height, width = x.shape
    found = x.new_empty(*images, (height + 1) // 2, (width + 1) // 2)
    count = max(1, PIECE // (height * width))
    for maps, halved in zip(x.flatten(0, 1).split(count), found.flatten(0, 1).split(count), strict=True):
        halved.copy_(_halve_both(maps.float() if maps.dtype in LOW else maps))
    return found


def _halve_adjoint(gradient: Tensor, size: torch.Size) -> Tensor:
    return _spread(_spread(gradient, -1, size[-1]), -2, size[-2]) / 16


def _halve(x: Tensor, dim: int) -> Tensor:
    """Return 4 times the blurred ``x`` at the even positions of ``dim``."""
    center, after = _every_second(x, dim)
    last = center.shape[dim] - 1
    if x.shape[dim] % 2:
        after = torch.cat([after, after.narrow(dim, last - 1, 1)], dim)
    total = torch.add(after, center, alpha=2)
    total.narrow(dim, 1, last).add_(after.narrow(dim, 0, last))
    total.narrow(dim, 0, 1).add_(after.narrow(dim, 0, 1))
    return total


def _spread(gradient: Tensor, dim: int, size: int) -> Tensor:
    """Return the gradient of ``x`` in :func:`_halve`, for ``size`` positions of ``dim``."""
    shape = list(gradient.shape)
    shape[dim] = size
    spread = gradient.new_empty(shape)
    even, odd = _every_second(spread, dim)
    torch.mul(gradient, 2, out=even)
    count, last = odd.shape[dim], gradient.shape[dim] - 1
    odd.copy_(gradient.narrow(dim, 0, count))
    odd.narrow(dim, 0, last).add_(gradient.narrow(dim, 1, last))
    odd.narrow(dim, 0, 1).add_(gradient.narrow(dim, 0, 1))
    if size % 2:
        odd.narrow(dim, count - 1, 1).add_(gradient.narrow(dim, last, 1))
    return spread


def _every_second(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    even, odd = [slice(None)] * x.ndim, [slice(None)] * x.ndim
    even[dim], odd[dim] = slice(0, None, 2), slice(1, None, 2)
    return x[tuple(even)], x[tuple(odd)]


# doubling: bilinear interpolation -------------------------------------------------------------------------------------


def double(x: Tensor) -> Tensor:
    """Double the size of images (B, C, H, W) by bilinear interpolation with ``align_corners=False``.

    Forward it is PyTorch's; its gradient is a sum of slices, three times as fast on a CPU.
    """
    return linear(x, _double, _double_adjoint)


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def _double_adjoint(gradient: Tensor) -> Tensor:
    exact = gradient.float() if gradient.dtype in LOW else gradient
    return _gather(_gather(exact, -2), -1).mul_(1 / 16).to(gradient.dtype)


def _gather(gradient: Tensor, dim: int) -> Tensor:
    """Return 4 times the gradient of ``x`` in the interpolation along ``dim``, whose edges are repeated."""
    even, odd = _every_second(gradient, dim)
    last = even.shape[dim] - 1
    total = (even + odd).mul_(3)
    total.narrow(dim, 0, last).add_(even.narrow(dim, 1, last))
    total.narrow(dim, last, 1).add_(odd.narrow(dim, last, 1))
    total.narrow(dim, 1, last).add_(odd.narrow(dim, 0, last))
    total.narrow(dim, 0, 1).add_(even.narrow(dim, 0, 1))
    return total


# reflection -----------------------------------------------------------------------------------------------------------


def reflect(x: Tensor, left: int, right: int, top: int, bottom: int) -> Tensor:
    """Pad images (B, C, H, W) by reflection without the edge, each side by fewer pixels than H or W.

    In bfloat16 it stays in bfloat16, also under autocast. Forward it is PyTorch's; its gradient is a copy of the inside
    to which the border is added.
    """
    sides = (left, right, top, bottom)
    return linear(x, partial(_reflect, sides=sides), partial(_fold, sides=sides))


def _reflect(x: Tensor, sides: tuple[int, int, int, int]) -> Tensor:
    with torch.autocast(x.device.type, enabled=False):
        return F.pad(x, sides, "reflect")


def _fold(gradient: Tensor, sides: tuple[int, int, int, int]) -> Tensor:
    left, right, top, bottom = sides
    return _fold_ends(_fold_ends(gradient, -2, top, bottom), -1, left, right)


def _fold_ends(gradient: Tensor, dim: int, before: int, after: int) -> Tensor:
    """Return the inside of ``dim``, to which its two ends are added, mirrored."""
    size = gradient.shape[dim] - before - after
    inside = gradient.narrow(dim, before, size).contiguous()
    if before:
        inside.narrow(dim, 1, before).add_(gradient.narrow(dim, 0, before).flip(dim))
    if after:
        end = gradient.narrow(dim, before + size, after)
        inside.narrow(dim, size - 1 - after, after).add_(end.flip(dim))
    return inside
