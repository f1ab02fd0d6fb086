"""Faster convolutions on CPUs: Winograd's algorithm and Fourier transforms, in the implementation that torch brings."""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

FEWEST_CHANNELS = 32  # below, the transforms take longer than they save
FEW = 4  # channels of an image
FEWEST_IN_BF16 = 384  # of input and output together: below, bfloat16 is faster
SMALLEST = {3: 24, 4: 48, 7: 48}  # by size of the kernel: pixels of a side of the feature map
MOST_VALUES = 2**26  # of input and output: the implementation needs about 8 bytes more for each, and keeps them
NAMES = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
ONE = (1, (1, 1), [1, 1])

_active = threading.local()


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


class FastConvolutions(TorchFunctionMode):
    """While it is entered, float32 convolutions on CPUs are faster, up to 3 times; so are gradients of their inputs.

    It replaces convolutions of stride 1 with kernels of 3 x 3 (Winograd), 4 x 4 and 7 x 7 (Fourier transforms) where
    they are wide and large enough to gain; the others stay as they are. Results differ by rounding: relative to their
    standard deviation by about 5e-6 for 3 x 3 kernels, where a plain convolution has 2e-7, and not more for the others.
    An image gets the same values whatever the batch that it is in.

    Args:
        bf16: results are bfloat16, as under autocast, for use without gradients. Only wide convolutions are replaced:
            they are faster in this way in float32 than plain ones in bfloat16, and more exact.

    Source:
        Lavin and Gray 2016, arXiv:1509.09308; Mathieu et al. 2013, arXiv:1312.5851; in the implementation of NNPACK.
    """

    def __init__(self, *, bf16: bool = False) -> None:
        super().__init__()
        self.result = torch.bfloat16 if bf16 else torch.float32

    def __enter__(self) -> "FastConvolutions":
        _active.count = getattr(_active, "count", 0) + 1
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        _active.count -= 1

    def __torch_function__(
        self, function: Callable[..., Any], types: Iterable[type], args: Any = (), kwargs: Any = None
    ) -> Any:
        """Call a function of torch, or what replaces it."""
        if function in (F.conv2d, torch.conv2d):
            given = dict(zip(NAMES, args, strict=False)) | (kwargs or {})
            if self._fits(**given):
                x, weight, border = given["input"].float(), given["weight"], _border(given.get("padding", 0))
                fast = is_faster(x.shape, weight.shape)
                return _Convolution.apply(x, weight, given.get("bias"), border, fast).to(self.result)
            if self.result == torch.bfloat16 and _has_few_outputs(**given):
                return _by_columns(**given)
        if function is F.pad and torch.is_autocast_enabled("cpu"):
            with torch.autocast("cpu", enabled=False):  # which would pad in float32: the same values, in larger maps
                return function(*args, **(kwargs or {}))
        return function(*args, **(kwargs or {}))

    def _fits(
        self,
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> bool:
        """Return whether a convolution, or the gradient of its input, is replaced."""
        kinds: Collection[torch.dtype] = {torch.float32, self.result}
        plain = input.dtype in kinds and weight.dtype == torch.float32 and input.ndim == 4 and groups == 1
        on_cpu = input.device.type == weight.device.type == "cpu"
        if not plain or not on_cpu or stride not in ONE or dilation not in ONE:
            return False
        border = _border(padding)
        if border is None or border >= weight.shape[2]:
            return False
        if self.result == torch.bfloat16:
            wide = weight.shape[2] == 3 and sum(weight.shape[:2]) >= FEWEST_IN_BF16
            return wide and not torch.is_grad_enabled() and is_faster(input.shape, weight.shape)
        wanted = torch.is_grad_enabled() and input.requires_grad
        return is_faster(input.shape, weight.shape) or (wanted and _is_faster_backward(input.shape, weight.shape))


def _has_few_outputs(input: Tensor, weight: Tensor, bias: Tensor | None = None, *others: Any, **options: Any) -> bool:
    """Return whether a convolution without padding makes an image of wide maps: few outputs leave vectors empty."""
    outputs, inputs, *sides = weight.shape
    plain = not others and all(value in (0, (0, 0), *ONE) for value in options.values()) and not torch.is_grad_enabled()
    return plain and sides == [7, 7] and outputs <= FEW and inputs >= FEWEST_CHANNELS and input.device.type == "cpu"


def _by_columns(input: Tensor, weight: Tensor, bias: Tensor | None = None, **_: Any) -> Tensor:
    """Return a convolution as the sum of those of its kernel's columns, in float32."""
    outputs, inputs, height, count = weight.shape
    columns = F.conv2d(input, weight.permute(0, 3, 1, 2).reshape(outputs * count, inputs, height, 1))
    columns = columns.unflatten(1, (outputs, count))  # (B, C', k, H', W)
    width = input.shape[3] - count + 1
    found = columns[:, :, 0, :, :width].float()
    for column in range(1, count):
        found += columns[:, :, column, :, column : column + width]
    return found if bias is None else found.add_(bias.float().view(-1, 1, 1))


def is_active() -> bool:
    """Return whether convolutions of this thread are replaced now."""
    return getattr(_active, "count", 0) > 0


def fast_convolutions(precision: str, device: torch.device) -> Callable[[], AbstractContextManager[object]]:
    """Return a factory of the context in which a network's convolutions are fastest.

    Args:
        precision: "fp32", "tf32", "bf16" or "fp16".
        device: of the network.
    """
    if device.type != "cpu" or not torch.backends.nnpack.is_available():
        return nullcontext
    if precision == "fp32":
        return FastConvolutions
    has_matrix_unit = torch.cpu._is_amx_tile_supported()  # AMX, which is faster
    return nullcontext if has_matrix_unit else partial(FastConvolutions, bf16=True)


def _border(padding: Any) -> int | None:
    """Return the padding of all sides, or None if sides differ or it is given by a word."""
    if isinstance(padding, int):
        return padding
    sides = set(padding) if isinstance(padding, tuple | list) else set()
    return sides.pop() if len(sides) == 1 else None


def is_faster(image: torch.Size, weight: torch.Size) -> bool:
    """Return whether a convolution of images (B, C, H, W) by a weight (C', C, k, k) is faster by transforms."""
    outputs, inputs, *sides = weight
    if sides[0] != sides[1] or sides[0] not in SMALLEST or min(image[2:]) < SMALLEST[sides[0]]:
        return False
    if (outputs + inputs) * image[2] * image[3] > MOST_VALUES:
        return False
    few, many = sorted((outputs, inputs))
    return few >= FEWEST_CHANNELS or (sides[0] == 7 and outputs == few and many >= FEWEST_CHANNELS)


def _is_faster_backward(image: torch.Size, weight: torch.Size) -> bool:
    """Return whether the gradient of a convolution's images is faster in this way."""
    wide = weight[2] == 7 and max(weight[:2]) >= FEWEST_CHANNELS and min(image[2:]) >= SMALLEST[7]
    return wide or is_faster(image, torch.Size((weight[1], weight[0], *weight[2:])))


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
        is_fast = wanted[0] and _is_faster_backward(x.shape, weight.shape)
        own = None
        if is_fast:
            turned = weight.flip(2, 3).transpose(0, 1)
            own = _Convolution.apply(F.pad(gradient, (border,) * 4), turned, None, 0, True)
            wanted[0] = False
        given = torch.ops.aten.convolution_backward(
            gradient, x, weight, [len(weight)], [1, 1], [ctx.padding] * 2, [1, 1], False, [0, 0], 1, wanted
        )
        return own if is_fast else given[0], given[1], given[2], None, None


def transformed(x: Tensor, weight: Tensor, bias: Tensor | None, padding: int) -> Tensor:
    """Return a convolution of stride 1 by transforms, float32; without gradients."""
    weight = weight.contiguous()
    with GATE.convolving():
        images = [
            torch._nnpack_spatial_convolution(image, weight, bias, [padding] * 2)  # several in one call are slower
            for image in x.contiguous().split(1)
        ]
    return torch.cat(images) if len(images) > 1 else images[0]
