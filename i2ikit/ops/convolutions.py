"""Faster convolutions on CPUs: Winograd's algorithm and Fourier transforms, in the implementation that torch brings."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

FEWEST_CHANNELS = 32  # below, the transforms take longer than they save
SMALLEST = {3: 24, 4: 48, 7: 48}  # by size of the kernel: pixels of a side of the feature map
MOST_VALUES = 2**26  # of input and output: the implementation needs about 8 bytes more for each, and keeps them


class Gate:
    """Lets many threads convolve, or one change the number of torch's threads, which replaces those that convolve."""

    def __init__(self) -> None:
        self._condition, self._users = threading.Condition(), 0

    @contextmanager
    def convolving(self) -> Iterator[None]:
        """Enter with others."""
        with self._condition:
            self._users += 1
        try:
            yield
        finally:
            with self._condition:
                self._users -= 1
                self._condition.notify_all()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Enter alone."""
        with self._condition:
            self._condition.wait_for(lambda: not self._users)
            yield


GATE = Gate()


def is_faster(image: torch.Size, weight: torch.Size) -> bool:
    """Return whether a convolution of images (B, C, H, W) by a weight (C', C, k, k) is faster by transforms."""
    outputs, inputs, *sides = weight
    if sides[0] != sides[1] or sides[0] not in SMALLEST or min(image[2:]) < SMALLEST[sides[0]]:
        return False
    if (outputs + inputs) * image[2] * image[3] > MOST_VALUES:
        return False
    few, many = sorted((outputs, inputs))
    return few >= FEWEST_CHANNELS or (sides[0] == 7 and outputs == few and many >= FEWEST_CHANNELS)


def is_faster_backward(image: torch.Size, weight: torch.Size) -> bool:
    """Return whether the gradient of a convolution's images is faster in this way."""
    wide = weight[2] == 7 and max(weight[:2]) >= FEWEST_CHANNELS and min(image[2:]) >= SMALLEST[7]
    return wide or is_faster(image, torch.Size((weight[1], weight[0], *weight[2:])))


def convolution(x: Tensor, weight: Tensor, bias: Tensor | None, padding: int, fast: bool) -> Tensor:
    """Return a convolution of stride 1, whose gradients are computed in the faster way.

    Args:
        x, weight, bias: float32 (B, C_in, H, W), (C_out, C_in, k, k), (C_out).
        padding: zeros around each image, fewer than k.
        fast: whether it is computed by transforms itself, see :func:`is_faster`.
    """
    result: Tensor = _Convolution.apply(x, weight, bias, padding, fast)
    return result


class _Convolution(torch.autograd.Function):
    """A convolution of stride 1, and its gradients, each in the faster way."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, padding: int, fast: bool) -> Tensor:
        """Return the convolution (B, C_out, H', W'); ``fast``: by transforms."""
        ctx.save_for_backward(x, weight)
        ctx.padding = padding
        if fast:
            return transformed(x, weight, bias, padding)
        return torch.ops.aten.convolution(x, weight, bias, [1, 1], [padding] * 2, [1, 1], False, [0, 0], 1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None, None, None]:
        """Return the gradients; they are differentiable, for penalties on gradients."""
        x, weight = ctx.saved_tensors
        wanted = list(ctx.needs_input_grad[:3])
        border = weight.shape[2] - 1 - ctx.padding
        of_image = None
        if wanted[0] and is_faster_backward(x.shape, weight.shape):
            turned = weight.flip(2, 3).transpose(0, 1)
            of_image = convolution(gradient, turned, None, border, True)
            wanted[0] = False
        given = torch.ops.aten.convolution_backward(
            gradient, x, weight, [len(weight)], [1, 1], [ctx.padding] * 2, [1, 1], False, [0, 0], 1, wanted
        )
        return given[0] if of_image is None else of_image, given[1], given[2], None, None


def transformed(x: Tensor, weight: Tensor, bias: Tensor | None, padding: int) -> Tensor:
    """Return a convolution of stride 1 by transforms, float32; without gradients."""
    weight = weight.contiguous()
    with GATE.convolving():
        images = [
            torch._nnpack_spatial_convolution(image, weight, bias, [padding] * 2)  # several in one call are slower
            for image in x.contiguous().split(1)
        ]
    return torch.cat(images) if len(images) > 1 else images[0]
