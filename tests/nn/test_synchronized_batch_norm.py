"""With one process; tests/engine/test_several_processes.py holds that two are one with a larger batch."""

import pytest
import torch
from torch import nn

from i2ikit.distributed import processes
from i2ikit.nn.synchronized_batch_norm import SynchronizedBatchNorm, synchronize_batch_norms


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 4, 1),
        nn.Sequential(nn.BatchNorm2d(4), nn.ReLU()),
        nn.BatchNorm2d(4, affine=False, momentum=None),
        nn.InstanceNorm2d(4),
    )


@pytest.fixture
def two_processes_of_one_batch(monkeypatch):
    """Every process of a pretended crew holds the same batch: sums double, and nothing else changes."""
    monkeypatch.setattr(processes, "count", lambda: 2)
    monkeypatch.setattr(processes, "total", lambda x: 2 * x)


def test_torchs_batch_norms_are_replaced_wherever_they_are_and_keep_their_names_and_weights():
    made = network()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    parameters = list(made.parameters())
    synchronize_batch_norms(made)
    assert [type(made[1][0]), type(made[2])] == [SynchronizedBatchNorm] * 2
    assert isinstance(made[3], nn.InstanceNorm2d)
    assert all(torch.equal(value, before[name]) for name, value in made.state_dict().items())
    assert [id(parameter) for parameter in made.parameters()] == [id(parameter) for parameter in parameters]


@pytest.mark.parametrize("shape", [(6, 4), (2, 4, 5, 3)])
@pytest.mark.parametrize("options", [{}, {"affine": False}, {"momentum": None}, {"track_running_stats": False}])
def test_a_crew_that_holds_one_batch_twice_normalizes_as_batch_norm_does(two_processes_of_one_batch, shape, options):
    torch.manual_seed(0)
    plain = (nn.BatchNorm1d if len(shape) == 2 else nn.BatchNorm2d)(4, **options).double()
    crew = SynchronizedBatchNorm(4, **options).double()
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    for x in inputs:
        torch.testing.assert_close(crew(x), plain(torch.cat([x, x]))[: len(x)])
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(crew.state_dict()[name], value, msg=name)
    torch.testing.assert_close(crew.eval()(inputs[0]), plain.eval()(inputs[0]))


def test_one_process_has_a_plain_batch_norm():
    x = torch.randn(5, 3, 2)
    assert torch.equal(SynchronizedBatchNorm(3)(x), nn.BatchNorm1d(3)(x))


def test_half_precision_is_normalized_in_float32_and_given_back(two_processes_of_one_batch):
    x = torch.randn(64, 3)
    found = SynchronizedBatchNorm(3)(x.bfloat16())
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), nn.BatchNorm1d(3)(x), rtol=0, atol=0.05)


def test_rows_without_channels_are_refused():
    with pytest.raises(ValueError, match=r"batch norm needs \(N, C, ...\), got \(3,\)"):
        SynchronizedBatchNorm(3)(torch.zeros(3))
