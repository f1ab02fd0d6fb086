import pytest
import torch
from torch import nn

from i2ikit.profiling.counters import StepCounter

KB = 1024
DEVICES = pytest.mark.parametrize("device", ["cpu", "meta"])


def test_a_convolution_and_both_its_gradients_cost_its_kernel_at_every_position() -> None:
    conv = nn.Conv2d(3, 5, 3, padding=1, bias=False, device="meta")
    image = torch.zeros(2, 3, 8, 8, device="meta", requires_grad=True)
    with StepCounter() as counter:
        out = conv(image)
        assert counter.operations == 2 * (2 * 8 * 8 * 5 * 3 * 9)
        out.sum().backward()
    assert counter.operations == 3 * 2 * (2 * 8 * 8 * 5 * 3 * 9)


@DEVICES
def test_freed_memory_no_longer_counts_but_the_peak_stays(device: str) -> None:
    with StepCounter() as memory:
        first = torch.zeros(KB, device=device)  # float32: 4 KB
        second = first + 1
        assert memory.live == 8 * KB
        del first
        assert memory.live == 4 * KB
        del second
    assert (memory.live, memory.peak) == (0, 8 * KB)


@DEVICES
def test_views_and_in_place_operations_need_no_memory(device: str) -> None:
    with StepCounter() as memory:
        x = torch.zeros(KB, device=device)
        y = x.view(2, -1)[0]
        y.add_(1)
        assert memory.live == memory.peak == 4 * KB


@DEVICES
def test_activations_of_a_graph_count_until_the_backward_pass(device: str) -> None:
    with StepCounter() as memory:
        x = torch.zeros(KB, device=device, requires_grad=True)
        out = x.exp().exp().sum()  # each exp keeps its result
        assert memory.live == 3 * 4 * KB + 4
        out.backward()
        assert memory.live == 2 * 4 * KB + 4  # x and its gradient


def test_the_peak_can_be_reset() -> None:
    with StepCounter() as memory:
        torch.zeros(KB)
        memory.reset_peak()
        assert memory.peak == 0
