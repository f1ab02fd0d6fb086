import importlib

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.ops import doubled_convolution
from i2ikit.ops.doubled_convolution import convolve_doubled, doubling_gains
from i2ikit.ops.fast_operations import FastOperations

pytestmark = pytest.mark.skipif(not torch.backends.nnpack.is_available(), reason="this CPU lacks what NNPACK needs")


def draw(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (7, 2), (8, 9)])
def test_it_is_an_interpolation_and_a_convolution_up_to_the_border(size: tuple[int, int], bias: bool) -> None:
    x, weight, offset = draw(2, 5, *size), draw(3, 5, 3, 3), draw(3) if bias else None
    expected = F.conv2d(F.interpolate(x, scale_factor=2, mode="bilinear"), weight, offset, padding=1)
    torch.testing.assert_close(convolve_doubled(x, weight, offset), expected, atol=2e-4, rtol=0)


def test_a_model_that_imports_it_on_another_device_computes_on_the_cpu() -> None:
    with torch.device("meta"):
        importlib.reload(doubled_convolution)
    found = doubled_convolution.convolve_doubled(draw(1, 4, 3, 3), draw(2, 4, 3, 3), None)
    assert found.isfinite().all()


def test_in_bfloat16_it_is_nearer_to_float32_than_both_by_themselves() -> None:
    x, weight = draw(1, 32, 24, 24).bfloat16(), draw(96, 32, 3, 3)
    exact = F.conv2d(F.interpolate(x.float(), scale_factor=2, mode="bilinear"), weight, padding=1)
    with torch.autocast("cpu", torch.bfloat16):
        plain = F.conv2d(F.interpolate(x, scale_factor=2, mode="bilinear"), weight, padding=1)
        found = convolve_doubled(x, weight, None)
    assert found.dtype == torch.bfloat16
    assert (found - exact).abs().mean() < (plain - exact).abs().mean()


def test_it_gains_with_wide_maps_where_convolutions_are_fast_and_no_gradient_is_needed() -> None:
    x, weight = draw(1, 32, 24, 24), draw(16, 32, 3, 3)
    with torch.no_grad():
        assert not doubling_gains(x, weight)
        with FastOperations():
            assert doubling_gains(x, weight)
            assert not doubling_gains(x[..., :23], weight)
            assert not doubling_gains(x, weight[:, :, :1, :1])
            with torch.enable_grad():
                assert not doubling_gains(x, weight)
