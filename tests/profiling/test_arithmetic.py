import torch
from torch import nn

from i2ikit.profiling import Arithmetic


def test_a_convolution_costs_its_kernel_at_every_place_three_times_with_both_gradients() -> None:
    conv = nn.Conv2d(3, 5, 3, padding=1, bias=False, device="meta")
    image = torch.zeros(2, 3, 8, 8, device="meta", requires_grad=True)
    with Arithmetic() as counter:
        out = conv(image)
        assert counter.operations == 2 * (2 * 8 * 8 * 5 * 3 * 9)
        out.sum().backward()
    assert counter.operations == 3 * 2 * (2 * 8 * 8 * 5 * 3 * 9)
