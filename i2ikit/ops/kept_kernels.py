"""Convolutions whose transformed weights are kept between calls, in the implementation that torch brings."""

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

MOST_BYTES = 2**29  # of transformed weights; those of a published generator take 350 MB
WINOGRAD, TRANSFORM, USE = 3, 2, 3  # NNPACK's numbers: of the algorithm, and of what to do with the weight
GROWTH = 64 / 9  # a kernel of 9 values becomes one of 64


class _Size(ctypes.Structure):
    _fields_ = (("width", ctypes.c_size_t), ("height", ctypes.c_size_t))


class _Border(ctypes.Structure):
    _fields_ = tuple((side, ctypes.c_size_t) for side in ("top", "right", "bottom", "left"))


ARGUMENTS: list[type] = [
    *[ctypes.c_int] * 2,
    *[ctypes.c_size_t] * 2,
    *(_Size, _Border, _Size, _Size),
    *[ctypes.c_void_p] * 6,
    ctypes.c_int,
    *[ctypes.c_void_p] * 3,
]


@dataclass(frozen=True)
class _Kept:
    """A transformed weight; the weight itself, so that no other gets its id; and which of its changes that was."""

    transformed: Tensor
    weight: Tensor
    version: int


class KeptKernels:
    """Keeps the transformed weights of 3x3 convolutions while :meth:`keeping` is entered; threads may share it.

    Otherwise each call transforms the weight again: a tenth of its time for 256 channels and maps of 64 x 64.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[int, bool], _Kept] = {}
        self._scratch = threading.local()  # of each thread: allocated anew, its pages would be cleared at each call
        self._lock, self._users = threading.Lock(), 0

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep what is transformed; forget it after the last one has left."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._kept.clear()
                    self._scratch = threading.local()

    def convolution(
        self,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        padding: int,
        fold: Callable[[Tensor], Tensor] | None = None,
    ) -> Tensor | None:
        """Return what :func:`i2ikit.ops.convolutions.transformed` does, or None: this weight is not kept.

        Args:
            x, weight, bias, padding: as there.
            fold: makes the weight of the convolution from ``weight``; one for each weight.
        """
        usable = self._users and isinstance(weight, nn.Parameter) and weight.shape[2:] == (3, 3)
        if not usable or weight.is_inference() or torch.get_num_threads() > 1 or _function() is None:
            return None
        kernel = self._kernel(weight, fold)
        return None if kernel is None else self._convolved(x.contiguous(), kernel, bias, padding)

    def _kernel(self, weight: Tensor, fold: Callable[[Tensor], Tensor] | None) -> Tensor | None:
        key = id(weight), fold is None
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept.version != weight._version:
                plain = (weight if fold is None else fold(weight)).detach().contiguous()
                others = sum(each.transformed.nbytes for name, each in self._kept.items() if name != key)
                if others + plain.nbytes * GROWTH > MOST_BYTES:
                    return None
                kept = self._kept[key] = _Kept(_transformed(plain), weight, weight._version)
            return kept.transformed

    def _convolved(self, x: Tensor, kernel: Tensor, bias: Tensor | None, padding: int) -> Tensor:
        """Return the convolution (B, C', H', W') of images."""
        outputs, inputs = kernel.shape[1:]
        height, width = x.shape[2:]
        bias = x.new_zeros(outputs) if bias is None else bias.contiguous()
        found = x.new_empty(len(x), outputs, height + 2 * padding - 2, width + 2 * padding - 2)
        arguments, space = ((outputs, inputs), (height, width), padding, USE), ctypes.c_size_t()
        _call(*arguments, None, kernel.data_ptr(), bias.data_ptr(), None, None, ctypes.byref(space))
        scratch = getattr(self._scratch, "buffer", None)
        if scratch is None or scratch.nbytes < space.value:
            scratch = self._scratch.buffer = torch.empty(space.value, dtype=torch.uint8)
        for image, output in zip(x, found, strict=True):
            places = image.data_ptr(), kernel.data_ptr(), bias.data_ptr(), output.data_ptr(), scratch.data_ptr()
            _call(*arguments, *places, ctypes.byref(space))
        return found


@cache
def _function() -> Callable[..., int] | None:
    """Return ``nnp_convolution_inference`` of the NNPACK inside of torch, or None: it has none, or hides it."""
    try:
        function = ctypes.CDLL(torch._C.__file__).nnp_convolution_inference
    except (OSError, AttributeError):
        return None
    function.argtypes, function.restype = ARGUMENTS, ctypes.c_int
    return function if torch.backends.nnpack.is_available() else None


def _call(channels: tuple[int, int], size: tuple[int, int], padding: int, what: int, *values: Any) -> None:
    """Call the function on one image of ``size`` (H, W); channels are those of output and input."""
    function = _function()
    assert function is not None, "it was there before"
    outputs, inputs = channels
    shape, border = _Size(size[1], size[0]), _Border(*[padding] * 4)
    status = function(WINOGRAD, what, inputs, outputs, shape, border, _Size(3, 3), _Size(1, 1), *values, 0, *[None] * 3)
    if status:
        raise RuntimeError(f"NNPACK fails with status {status}")


def _transformed(weight: Tensor) -> Tensor:
    """Return a weight (C', C, 3, 3) as (64, C', C) values in the order of NNPACK."""
    channels, size = (len(weight), weight.shape[1]), ctypes.c_size_t()
    arguments = channels, (8, 8), 0, TRANSFORM, None, weight.data_ptr(), None, None
    _call(*arguments, None, ctypes.byref(size))
    found = weight.new_empty(size.value // weight.element_size())
    _call(*arguments, found.data_ptr(), ctypes.byref(size))
    return found.view(-1, *channels)
