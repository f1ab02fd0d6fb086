"""Faster operations on CPUs in place of PyTorch's own, with the same values up to rounding."""

import threading
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from i2ikit.ops.convolutions import FEWEST_CHANNELS, convolution, is_faster, is_faster_backward
from i2ikit.ops.kept_kernels import KeptKernels
from i2ikit.ops.linear import reflect

FEW = 4  # channels of an image
FEWEST_IN_BF16 = 192  # channels of input and output together: below, a convolution in bfloat16 is faster
IN_CACHE = 2**21  # values of maps up to which operations are faster in float32 than in bfloat16
ONE = (1, (1, 1), [1, 1])

_active = threading.local()


class FastOperations(TorchFunctionMode):
    """While it is entered, what networks spend their time with is faster on CPUs; gradients of gradients work too.

    - Convolutions of stride 1 in float32 with kernels of 3 x 3 (Winograd's algorithm), 4 x 4 and 7 x 7 (Fourier
      transforms) where they are wide and large enough to gain, and their gradients: up to 3 times. Results differ by
      rounding: relative to their standard deviation by about 5e-6 for 3 x 3 kernels, where a plain convolution has
      2e-7, and not more for the others. An image gets the same values whatever the batch that it is in.
    - Instance norms: forward several times, as a group norm with one channel per group.
    - Padding: the gradient of reflections; under autocast it stays in the type of its input.

    Args:
        bf16: convolutions as under autocast with bfloat16, for use without gradients. Only wide ones are replaced: they
            are faster in this way in float32 than plain ones in bfloat16, and more exact; their results are bfloat16
            where they are large. And those that make an image, which are summed up in float32.
        kernels: keeps transformed weights where no gradient is needed.

    Source:
        Lavin and Gray 2016, arXiv:1509.09308; Mathieu et al. 2013, arXiv:1312.5851; in the implementation of NNPACK.
    """

    def __init__(self, *, bf16: bool = False, kernels: KeptKernels | None = None) -> None:
        super().__init__()
        self.kernels = kernels or KeptKernels()
        self.result = torch.bfloat16 if bf16 else torch.float32
        has_matrix_unit = bf16 and torch.cpu._is_amx_tile_supported()  # AMX, which is faster
        self._replacements: dict[Any, Callable[..., Tensor | None]] = {
            F.instance_norm: _instance_norm,
            F.pad: _padding,
        }
        if torch.backends.nnpack.is_available() and not has_matrix_unit:
            self._replacements |= {F.conv2d: self._convolution, torch.conv2d: self._convolution}

    def __enter__(self) -> "FastOperations":
        _active.modes = (*getattr(_active, "modes", ()), self)
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        _active.modes = _active.modes[:-1]

    def __torch_function__(
        self, function: Callable[..., Any], types: Iterable[type], args: Any = (), kwargs: Any = None
    ) -> Any:
        """Call a function of torch, or what replaces it."""
        replacement = self._replacements.get(function)
        found = None if replacement is None else replacement(*args, **(kwargs or {}))
        return function(*args, **(kwargs or {})) if found is None else found

    def _convolution(
        self,
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Tensor | None:
        """Return a convolution, or None: PyTorch's own is faster, or it is not of this kind."""
        kinds: Collection[torch.dtype] = {torch.float32, self.result}
        plain = input.dtype in kinds and weight.dtype == torch.float32 and input.ndim == 4 and groups == 1
        on_cpu = input.device.type == weight.device.type == "cpu"
        if not plain or not on_cpu or stride not in ONE or dilation not in ONE:
            return None
        border = _border(padding)
        if border is None or border >= weight.shape[2]:
            return None
        fast, grad = is_faster(input.shape, weight.shape), torch.is_grad_enabled()
        if self.result == torch.bfloat16:
            wide = weight.shape[2] == 3 and sum(weight.shape[:2]) >= FEWEST_IN_BF16
            if not grad and border == 0 and _has_few_outputs(weight):
                return _by_columns(input, weight, bias)
            replaced = wide and fast and not grad
        else:
            replaced = fast or (grad and input.requires_grad and is_faster_backward(input.shape, weight.shape))
        if not replaced:
            return None
        x = input.float()
        found = self.kernels.convolution(x, weight, bias, border) if fast and not grad else None
        if found is None:
            found = convolution(x, weight, bias, border, fast)
        return found.to(self.dtype_of(found[0].numel()))

    def dtype_of(self, values: int) -> torch.dtype:
        """Return the type of the result of a replaced convolution, which has so many values for an image."""
        return torch.float32 if values <= IN_CACHE else self.result


def active() -> FastOperations | None:
    """Return the mode that replaces operations of this thread now; None: there is none."""
    modes = getattr(_active, "modes", ())
    return modes[-1] if modes else None


def fast_operations(
    precision: str, device: torch.device, kernels: KeptKernels | None = None
) -> Callable[[], AbstractContextManager[object]]:
    """Return a factory of the context in which a network is fastest.

    Args:
        precision: "fp32", "tf32", "bf16" or "fp16".
        device: of the network.
        kernels: see :class:`FastOperations`.
    """
    return nullcontext if device.type != "cpu" else partial(FastOperations, bf16=precision == "bf16", kernels=kernels)


def _has_few_outputs(weight: Tensor) -> bool:
    """Return whether a convolution makes an image of wide maps: few outputs leave vectors empty."""
    outputs, inputs, *sides = weight.shape
    return sides == [7, 7] and outputs <= FEW and inputs >= FEWEST_CHANNELS


def _by_columns(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return a convolution as the sum of those of its kernel's columns, in float32."""
    outputs, inputs, height, count = weight.shape
    columns = F.conv2d(input, weight.permute(0, 3, 1, 2).reshape(outputs * count, inputs, height, 1))
    columns = columns.unflatten(1, (outputs, count))  # (B, C', k, H', W)
    width = input.shape[3] - count + 1
    found = columns[:, :, 0, :, :width].float()
    for column in range(1, count):
        found += columns[:, :, column, :, column : column + width]
    return found if bias is None else found.add_(bias.float().view(-1, 1, 1))


def _border(padding: Any) -> int | None:
    """Return the padding of all sides, or None if sides differ or it is given by a word."""
    if isinstance(padding, int):
        return padding
    sides = set(padding) if isinstance(padding, tuple | list) else set()
    return sides.pop() if len(sides) == 1 else None


def _instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor | None:
    x = input
    others = (running_mean, running_var)
    if any(each is not None for each in others) or not use_input_stats or x.device.type != "cpu" or x.ndim != 4:
        return None
    if x.shape[2] * x.shape[3] < 2 or any(w is not None and w.dtype != x.dtype for w in (weight, bias)):
        return None
    differentiated = torch.is_grad_enabled() and x.requires_grad
    if not x.is_contiguous() and (differentiated or not x.is_contiguous(memory_format=torch.channels_last)):
        return None  # its gradient is slow in other layouts
    return F.group_norm(x, x.shape[1], weight, bias, eps)


def _padding(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor | None:
    """Return a padded image of its own type; autocast would pad in float32: the same values, in larger maps."""
    x = input
    if x.device.type == "cpu" and mode != "reflect" and torch.is_autocast_enabled("cpu"):
        with torch.autocast("cpu", enabled=False):
            return F.pad(x, pad, mode, value)
    if mode != "reflect" or x.device.type != "cpu" or x.ndim != 4 or len(pad) != 4 or min(pad) < 0:
        return None
    if pad[0] >= x.shape[3] or pad[1] >= x.shape[3] or pad[2] >= x.shape[2] or pad[3] >= x.shape[2]:
        return None  # PyTorch's message
    left, right, top, bottom = pad
    return reflect(x, left, right, top, bottom)
