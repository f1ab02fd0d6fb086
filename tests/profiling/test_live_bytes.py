import pytest
import torch

from i2ikit.profiling import LiveBytes

KB = 1024
DEVICES = pytest.mark.parametrize("device", ["cpu", "meta"])


@DEVICES
def test_what_is_dropped_counts_no_longer_and_the_peak_stays(device: str) -> None:
    with LiveBytes() as memory:
        first = torch.zeros(KB, device=device)  # float32: 4 KB
        second = first + 1
        assert memory.live == 8 * KB
        del first
        assert memory.live == 4 * KB
        del second
    assert (memory.live, memory.peak) == (0, 8 * KB)


@DEVICES
def test_views_share_their_storage_and_in_place_operations_take_none(device: str) -> None:
    with LiveBytes() as memory:
        x = torch.zeros(KB, device=device)
        y = x.view(2, -1)[0]
        y.add_(1)
        assert memory.live == memory.peak == 4 * KB


@DEVICES
def test_what_a_graph_keeps_counts_until_the_gradient_has_come_back(device: str) -> None:
    with LiveBytes() as memory:
        x = torch.zeros(KB, device=device, requires_grad=True)
        out = x.exp().exp().sum()  # each exp keeps its result
        assert memory.live == 3 * 4 * KB + 4
        out.backward()
        assert memory.live == 2 * 4 * KB + 4  # x and its gradient


def test_the_peak_can_be_looked_for_anew() -> None:
    with LiveBytes() as memory:
        torch.zeros(KB)
        memory.restart()
        assert memory.peak == 0
