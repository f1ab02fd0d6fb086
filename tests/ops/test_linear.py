from collections.abc import Callable
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.ops.linear import double, halve, reflect


def plain_halve(x: Tensor) -> Tensor:
    row = torch.tensor([1.0, 2.0, 1.0], dtype=x.dtype)
    kernel = (row[:, None] * row / 16).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), kernel, stride=2, groups=x.shape[1])


def plain_double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


CASES = [
    *((halve, plain_halve, size) for size in [(2, 2), (8, 6), (7, 5), (3, 2)]),
    *((partial(halve, in_pieces=True), plain_halve, size) for size in [(2, 2), (7, 5), (9, 8)]),
    *((double, plain_double, size) for size in [(1, 1), (4, 6), (5, 3)]),
    (lambda x: reflect(x, 1, 1, 1, 1), nn.ReflectionPad2d(1), (2, 5)),
    (lambda x: reflect(x, 3, 0, 2, 1), nn.ReflectionPad2d((3, 0, 2, 1)), (4, 5)),
    (lambda x: reflect(x, 3, 3, 3, 3), nn.ReflectionPad2d(3), (4, 4)),  # both ends reach all lines
]


@pytest.mark.parametrize(("ours", "plain", "size"), CASES)
def test_values_gradients_and_their_gradients_are_those_of_the_plain_operation(
    ours: Callable[[Tensor], Tensor], plain: Callable[[Tensor], Tensor], size: tuple[int, int]
) -> None:
    random = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, *size, dtype=torch.float64, generator=random, requires_grad=True)
    found = []
    for operation in (ours, plain):
        value = operation(x)
        (first,) = torch.autograd.grad(value.pow(3).sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(first.pow(3).sum(), x)
        found.append((value, first, second))
        assert torch.equal(operation(x.detach()), value)
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12 * float(other.detach().abs().max()))


def test_in_pieces_bfloat16_is_halved_in_float32() -> None:
    x = torch.randn(1, 40, 130, 230, generator=torch.Generator().manual_seed(0)).bfloat16()
    assert torch.equal(halve(x, in_pieces=True), halve(x.float()).bfloat16())


@pytest.mark.parametrize("operation", [double, partial(halve, in_pieces=True), lambda x: reflect(x, 1, 1, 1, 1)])
def test_bfloat16_stays_bfloat16_under_autocast(operation: Callable[[Tensor], Tensor]) -> None:
    x = torch.randn(1, 2, 4, 4, generator=torch.Generator().manual_seed(0)).bfloat16().requires_grad_(True)
    with torch.autocast("cpu", torch.bfloat16):
        value = operation(x)
    (gradient,) = torch.autograd.grad(value.sum(), x)
    assert value.dtype == gradient.dtype == torch.bfloat16
    assert gradient.sum() == value.numel()  # of a mean of neighbors, or a copy: each output has weights that sum to 1
