"""The layers of StyleGAN2: weights scaled when used, activations that keep the variance, blurred resampling."""

import math
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def blur(x: Tensor, before: int, after: int) -> Tensor:
    """Return ``x`` convolved with [1, 3, 3, 1] x [1, 3, 3, 1] / 64 over a border of zeros.

    Args:
        x: feature maps (B, C, H, W).
        before: rows of zeros above, and columns to the left.
        after: rows of zeros below, and columns to the right.

    Returns:
        (B, C, H + before + after - 3, W + before + after - 3).
    """
    x = F.pad(x, (before, after, before, after))
    x = torch.add(x[..., :-3, :] + x[..., 3:, :], x[..., 1:-2, :] + x[..., 2:-1, :], alpha=3)
    return torch.add(x[..., :-3] + x[..., 3:], x[..., 1:-2] + x[..., 2:-1], alpha=3) / 64


class ScaledConv(nn.Module):
    """A convolution with weights from N(0, 1) that are multiplied with 1 / sqrt(fan_in) when used; without bias.

    Shape:
        stride 1: (B, in, H, W) -> (B, out, H, W) for odd ``size``; stride 2 takes no border.
    """

    def __init__(self, in_channels: int, out_channels: int, size: int, *, stride: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, size, size))
        self.scale = 1 / math.sqrt(in_channels * size**2)
        self.stride, self.padding = stride, size // 2 if stride == 1 else 0

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolved maps."""
        return F.conv2d(x, self.weight * self.scale, stride=self.stride, padding=self.padding)


class ScaledLinear(nn.Module):
    """A linear layer with weights from N(0, 1) that are multiplied with 1 / sqrt(fan_in) when used."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_features, in_features))
        self.bias = nn.Parameter(torch.zeros(out_features))
        self.scale = 1 / math.sqrt(in_features)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, in) to (B, out)."""
        return F.linear(x, self.weight * self.scale, self.bias)


class BiasedLeakyReLU(nn.Module):
    """sqrt(2) * LeakyReLU(x + bias) with slope 0.2 and one bias per channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the activated maps."""
        return F.leaky_relu(x + self.bias, 0.2) * math.sqrt(2)


class BlurredHalving(nn.Module):
    """Blur, so that the convolution of ``size`` and stride 2 that follows halves even heights and widths exactly."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.border = (size + 1) // 2

    def forward(self, x: Tensor) -> Tensor:
        """Return the blurred maps."""
        return blur(x, self.border, self.border)


def conv_layer(in_channels: int, out_channels: int, size: int, *, halve: bool = False) -> nn.Sequential:
    """Return blur (if ``halve``), convolution and activation."""
    layer = OrderedDict[str, nn.Module]()
    if halve:
        layer["blur"] = BlurredHalving(size)
    layer["conv"] = ScaledConv(in_channels, out_channels, size, stride=2 if halve else 1)
    layer["activation"] = BiasedLeakyReLU(out_channels)
    return nn.Sequential(layer)


class StyleGAN2Block(nn.Module):
    """(S(x) + skip(x)) / sqrt(2), S being two 3x3 convolutions of which the second may halve the size.

    Args:
        in_channels, out_channels: C of input and output.
        halve: whether the size is halved.
    Source:
        Karras et al. 2019 (StyleGAN2), arXiv:1912.04958, the residual discriminator.
    """

    def __init__(self, in_channels: int, out_channels: int, *, halve: bool) -> None:
        super().__init__()
        self.conv1 = conv_layer(in_channels, in_channels, 3)
        self.conv2 = conv_layer(in_channels, out_channels, 3, halve=halve)
        skip = OrderedDict[str, nn.Module]()
        if halve:
            skip["blur"] = BlurredHalving(1)
        if halve or in_channels != out_channels:
            skip["conv"] = ScaledConv(in_channels, out_channels, 1, stride=2 if halve else 1)
        self.skip = nn.Sequential(skip)  # empty: the identity

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of both ways."""
        return (self.conv2(self.conv1(x)) + self.skip(x)) / math.sqrt(2)


class DoublingConv(nn.Module):
    """A demodulated 3x3 transposed convolution that doubles the size, then a blur.

    Each output channel's weights are divided by their length, as StyleGAN2 does with styles; here all styles are 1.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, out_channels, in_channels, 3, 3))  # the published layout
        self.scale = 1 / math.sqrt(in_channels * 9)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, in, H, W) to (B, out, 2H, 2W)."""
        weight = self.weight[0] * self.scale
        weight = weight * torch.rsqrt(weight.square().sum((1, 2, 3), keepdim=True) + 1e-8)
        x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)  # (B, out, 2H + 1, 2W + 1)
        return blur(x, 1, 1) * 4


class Noise(nn.Module):
    """Add noise from N(0, 1), one value per position for all channels, times a learned scalar that starts at 0.

    The noise comes from torch's global generator, in training and after.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the noisy maps."""
        return x + self.weight * torch.randn_like(x[:, :1])
