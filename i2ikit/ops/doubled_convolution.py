"""A bilinear enlargement and the convolution after it, as one convolution of the small maps."""

import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.ops.convolutions import is_faster, transformed
from i2ikit.ops.fast_operations import active

# [phase, row of the small maps, row of the kernel]: the kernel's rows at the even and at the odd rows of the large maps
_ROWS = torch.tensor([[[3, 1, 0], [1, 3, 3], [0, 0, 1]], [[1, 0, 0], [3, 3, 1], [0, 1, 3]]], device="cpu") / 4
_FOLD = torch.einsum("pik,qjl->pqklij", _ROWS, _ROWS).reshape(4, 9, 9)


def doubling_gains(x: Tensor, weight: Tensor) -> bool:
    """Return whether :func:`convolve_doubled` is faster here: on CPUs, where convolutions are fast, without gradients.

    Args:
        x: maps (B, C, H, W).
        weight: (C', C, 3, 3).
    """
    if active() is None or torch.is_grad_enabled() or weight.dtype != torch.float32 or x.device.type != "cpu":
        return False
    outputs, inputs = weight.shape[:2]
    return weight.shape[2:] == (3, 3) and is_faster(x.shape, torch.Size((4 * outputs, inputs, 3, 3)))


def convolve_doubled(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return ``conv2d(interpolate(x, scale_factor=2, mode="bilinear"), weight, bias, padding=1)``, without gradients.

    A pixel of the large maps is a mean of its small neighbors, so kernel and interpolation make one 3x3 kernel for each
    of the four positions inside a small pixel. The products are as many, but large maps are made once instead of three
    times. At the border, where the convolution pads with zeros and not with what interpolation continues, that surplus
    is subtracted. Differs by rounding.

    Shape:
        x: (B, C, H, W), float32 or bfloat16; weight: (C', C, 3, 3), float32; returns (B, C', 2H, 2W) of the type that
            :meth:`~i2ikit.ops.fast_operations.FastOperations.dtype_of` says, or that of x.
    """
    outputs = len(weight)
    height, width = x.shape[2:]
    with torch.autocast("cpu", enabled=False):
        x32, mode = x.float(), active()
        padded = F.pad(x32, (1, 1, 1, 1), mode="replicate")
        biases = None if bias is None else bias.repeat_interleave(4)
        phases = None if mode is None else mode.kernels.convolution(padded, weight, biases, 0, _folded)
        if phases is None:
            phases = transformed(padded, _folded(weight), biases, 0)
        phases = phases.unflatten(1, (outputs, 4))
        dtype = x.dtype if mode is None else mode.dtype_of(outputs * 4 * height * width)
        found = x.new_empty(len(x), outputs, 2 * height, 2 * width, dtype=dtype)
        for row in range(2):
            pairs = torch.complex(phases[:, :, 2 * row], phases[:, :, 2 * row + 1])  # neighbors
            found[:, :, row::2] = torch.view_as_real(pairs).flatten(-2)
        rows = F.interpolate(torch.stack((x32[:, :, 0], x32[:, :, -1]), 2), (2, 2 * width), mode="bilinear")
        rows = F.pad(rows, (1, 1, 0, 0), mode="replicate")  # (B, C, 2, 2W + 2): what continues above and below
        columns = F.interpolate(torch.stack((x32[..., 0], x32[..., -1]), -1), (2 * height, 2), mode="bilinear")
        found[:, :, 0] -= F.conv2d(rows[:, :, :1], weight[:, :, :1])[:, :, 0]
        found[:, :, -1] -= F.conv2d(rows[:, :, 1:], weight[:, :, 2:])[:, :, 0]
        found[..., 0] -= F.conv2d(columns[..., :1], weight[..., :1], padding=(1, 0))[..., 0]
        found[..., -1] -= F.conv2d(columns[..., 1:], weight[..., 2:], padding=(1, 0))[..., 0]
    return found


def _folded(weight: Tensor) -> Tensor:
    """Return the kernels (4 C', C, 3, 3) of the four positions."""
    outputs, inputs = weight.shape[:2]
    return torch.matmul(weight.reshape(outputs, 1, inputs, 9), _FOLD).view(4 * outputs, inputs, 3, 3)
