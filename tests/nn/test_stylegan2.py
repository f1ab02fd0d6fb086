import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.nn.stylegan2 import (
    BiasedLeakyReLU,
    DoublingConv,
    Noise,
    ScaledConv,
    ScaledLinear,
    StyleGAN2Block,
    blur,
)

ROW = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64)
KERNEL = ROW[:, None] * ROW / 64


def slow_blur(x: Tensor, border: int) -> Tensor:
    return F.conv2d(F.pad(x, [border] * 4), KERNEL.expand(x.shape[1], 1, 4, 4), groups=x.shape[1])


@pytest.mark.parametrize(("before", "after"), [(1, 1), (2, 2), (2, 1)])
def test_blur_is_the_depthwise_convolution_over_zeros(before: int, after: int) -> None:
    x = torch.randn(2, 3, 5, 6, dtype=torch.float64)
    padded = F.pad(x, (before, after, before, after))
    torch.testing.assert_close(blur(x, before, after), F.conv2d(padded, KERNEL.expand(3, 1, 4, 4), groups=3))


def test_scaled_layers_divide_by_the_root_of_the_fan_in() -> None:
    conv, linear = ScaledConv(4, 2, 3), ScaledLinear(9, 2)
    x, row = torch.randn(1, 4, 5, 5), torch.randn(1, 9)
    torch.testing.assert_close(conv(x), F.conv2d(x, conv.weight / 6, padding=1))  # 6 = sqrt(4 * 9)
    torch.testing.assert_close(linear(row), F.linear(row, linear.weight / 3))


def test_scaled_weights_start_from_a_unit_normal() -> None:
    torch.manual_seed(0)
    assert ScaledConv(64, 64, 3).weight.std().item() == pytest.approx(1, abs=0.02)


def test_the_activation_by_hand() -> None:
    layer = BiasedLeakyReLU(1)
    torch.nn.init.constant_(layer.bias, 1.0)
    x = torch.tensor([1.0, -3.0]).view(1, 1, 1, 2)
    assert layer(x).flatten().tolist() == pytest.approx([2 * math.sqrt(2), -0.4 * math.sqrt(2)])


def test_a_halving_block_is_the_scaled_sum_of_both_ways() -> None:
    block = StyleGAN2Block(2, 3, halve=True).double()
    x = torch.randn(1, 2, 8, 6, dtype=torch.float64)

    def activate(x: Tensor) -> Tensor:
        return F.leaky_relu(x, 0.2) * math.sqrt(2)  # biases start at 0

    inner = activate(F.conv2d(x, block.conv1.conv.weight / math.sqrt(18), padding=1))
    inner = activate(F.conv2d(slow_blur(inner, 2), block.conv2.conv.weight / math.sqrt(18), stride=2))
    skip = F.conv2d(slow_blur(x, 1), block.skip.conv.weight / math.sqrt(2), stride=2)
    torch.testing.assert_close(block(x), (inner + skip) / math.sqrt(2))


def test_a_block_that_keeps_the_shape_passes_its_input_on() -> None:
    block = StyleGAN2Block(2, 2, halve=False)
    torch.nn.init.zeros_(block.conv2.conv.weight)
    x = torch.randn(1, 2, 4, 4)
    torch.testing.assert_close(block(x), x / math.sqrt(2))
    assert len(block.skip) == 0


def test_doubling_is_a_transposed_convolution_with_weights_of_length_one() -> None:
    layer = DoublingConv(2, 3).double()
    x = torch.randn(1, 2, 4, 5, dtype=torch.float64)
    weight = layer.weight[0] / math.sqrt(18)
    weight = torch.stack([w / (w.square().sum() + 1e-8).sqrt() for w in weight])
    expected = slow_blur(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), 1) * 4
    torch.testing.assert_close(layer(x), expected)
    assert layer(x).shape == (1, 3, 8, 10)


def test_noise_starts_silent_and_is_shared_by_all_channels() -> None:
    torch.manual_seed(0)
    noise, x = Noise(), torch.zeros(2, 3, 4, 4)
    assert torch.equal(noise(x), x)
    torch.nn.init.ones_(noise.weight)
    out = noise(x)
    assert torch.equal(out[:, 0], out[:, 2])
    assert not torch.equal(out[0], out[1])
    assert not torch.equal(out, noise(x))


def test_noise_follows_the_global_seed() -> None:
    noise = Noise()
    torch.nn.init.ones_(noise.weight)
    torch.manual_seed(3)
    first = noise(torch.zeros(1, 1, 2, 2))
    torch.manual_seed(3)
    assert torch.equal(noise(torch.zeros(1, 1, 2, 2)), first)
