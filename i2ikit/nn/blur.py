"""Resampling with a low-pass filter, so a shifted input gives a shifted output."""

import torch
from torch import Tensor, nn

from i2ikit.ops.doubled_convolution import convolve_doubled, doubling_gains
from i2ikit.ops.fast_operations import active
from i2ikit.ops.linear import double, halve


class BlurDown(nn.Module):
    """Blur with [1, 2, 1] x [1, 2, 1] / 16 and keep every second row and column.

    Shape:
        (B, C, H, W) with H, W >= 2 -> (B, C, ceil(H / 2), ceil(W / 2)); the border is reflected without its edge.
    Source:
        Zhang 2019, arXiv:1904.11486, filter of size 3.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` at half the size."""
        fast = active() is not None and x.device.type == "cpu" and not torch.compiler.is_compiling()
        return halve(x, in_pieces=fast)


class BlurUp(nn.Module):
    """Double the size: the transposed convolution with [1, 3, 3, 1] x [1, 3, 3, 1] / 16 over a replicated border.

    That is bilinear interpolation with ``align_corners=False``, and computed so.

    Shape:
        (B, C, H, W) -> (B, C, 2H, 2W).
    Source:
        Zhang 2019, arXiv:1904.11486, filter of size 4, as CUT's generator uses it.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` at twice the size."""
        return double(x)


class UpStage(nn.Sequential):
    """A :class:`BlurUp`, a 3x3 convolution with padding 1, and other layers, of any names.

    Where that is faster, the first two are computed as one by :func:`i2ikit.ops.doubled_convolution.convolve_doubled`.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return the output of the last layer."""
        _, conv, *others = self
        assert isinstance(conv, nn.Conv2d)
        if not doubling_gains(x, conv.weight):
            return super().forward(x)
        value = convolve_doubled(x, conv.weight, conv.bias)
        for layer in others:
            value = layer(value)
        return value
