"""Faster 3 x 3 convolutions on CPUs: by Winograd's algorithm, in the implementation that torch brings."""

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

FEWEST_CHANNELS = 32  # of input and of output: below, the transforms take longer than they save
FEWEST_IN_BF16 = 384  # of input and output together: below, bfloat16 is faster
SMALLEST = 8  # pixels of a side of the feature map
MOST_VALUES = 2**26  # of input and output: the implementation needs about 8 bytes more for each, and keeps them
NAMES = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
ONE = (1, (1, 1), [1, 1])


class WinogradConvolutions(TorchFunctionMode):
    """While it is entered, 3 x 3 convolutions of float32 on the CPU take half the time, or less.

    It replaces those of stride 1 with at least 32 channels in and out, where there is no graph; the others stay as they
    are. Results differ by rounding: by about 5e-5 where values have a variance of 1.

    Args:
        bf16: results are bfloat16, as under autocast. Only wide convolutions are replaced: they are faster in this way
            in float32 than plain ones in bfloat16, and more exact.

    Source:
        Lavin and Gray 2016, arXiv:1509.09308, in the implementation of NNPACK.
    """

    def __init__(self, *, bf16: bool = False) -> None:
        super().__init__()
        self.result = torch.bfloat16 if bf16 else torch.float32

    def __torch_function__(
        self, function: Callable[..., Any], types: Iterable[type], args: Any = (), kwargs: Any = None
    ) -> Any:
        """Call a function of torch, or what replaces it."""
        if function in (F.conv2d, torch.conv2d):
            given = dict(zip(NAMES, args, strict=False)) | (kwargs or {})
            wide = self.result == torch.float32 or sum(given["weight"].shape[:2]) >= FEWEST_IN_BF16
            if wide and _fits(**given, kinds={torch.float32, self.result}):
                return _convolve(given["input"], given["weight"], given.get("bias"), given.get("padding", 0)).to(
                    self.result
                )
        return function(*args, **(kwargs or {}))


def fast_convolutions(precision: str, device: torch.device) -> Callable[[], AbstractContextManager[object]]:
    """Return a factory of the context in which a network's convolutions are fastest.

    Args:
        precision: "fp32", "bf16" or "fp16".
        device: of the network.
    """
    if device.type != "cpu" or not torch.backends.nnpack.is_available():
        return nullcontext
    if precision == "fp32":
        return WinogradConvolutions
    has_matrix_unit = torch.cpu._is_amx_tile_supported()  # AMX, which is faster
    return nullcontext if has_matrix_unit else partial(WinogradConvolutions, bf16=True)


def _fits(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    *,
    kinds: Collection[torch.dtype],
) -> bool:
    """Return whether a convolution is one of those that are replaced."""
    return (
        input.dtype in kinds
        and weight.dtype == torch.float32
        and input.ndim == 4
        and input.device.type == weight.device.type == "cpu"
        and not torch.is_grad_enabled()
        and weight.shape[2:] == (3, 3)
        and min(weight.shape[:2]) >= FEWEST_CHANNELS
        and min(input.shape[2:]) >= SMALLEST
        and (weight.shape[0] + weight.shape[1]) * input.shape[2] * input.shape[3] <= MOST_VALUES
        and groups == 1
        and stride in ONE
        and dilation in ONE
        and padding in (0, (0, 0), [0, 0], 1, (1, 1), [1, 1])
    )


def _convolve(input: Tensor, weight: Tensor, bias: Tensor | None, padding: Any) -> Tensor:
    border = [padding] * 2 if isinstance(padding, int) else list(padding)
    images = (
        torch._nnpack_spatial_convolution(image, weight, bias, border)  # several images in one call are slower
        for image in input.float().contiguous().split(1)
    )
    return torch.cat(list(images)) if len(input) > 1 else next(images)
