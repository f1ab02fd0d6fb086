"""Networks from the config inside a file."""

from typing import Any

import pytest
import torch
from torch import nn

from i2ikit.engine.checkpointing.rebuild import rebuild
from i2ikit.errors import CheckpointError


class Stack(nn.Module):
    made = 0

    def __init__(self, blocks: int = 2, width: int = 3) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(self.layer(width) for _ in range(blocks)))

    def layer(self, width: int) -> nn.Module:
        Stack.made += 1
        return nn.Linear(width, width)


def rebuilt(weights: Any = None, **config: Any) -> nn.Module | None:
    return rebuild(lambda: Stack(**config), config, Stack().state_dict() if weights is None else weights)


def test_a_network_whose_weights_fit_is_built_on_the_device_of_the_caller():
    network = rebuilt(blocks=2)
    assert isinstance(network, Stack)
    assert network.layers[0].weight.device.type == "cpu"


def test_a_config_of_a_hundred_thousand_blocks_is_refused_after_a_few():
    Stack.made = 0
    with pytest.raises(CheckpointError, match=r"a larger network than it has weights for: 4 tensors"):
        rebuilt(blocks=10**5)
    assert Stack.made < 50
    assert len(Stack(100).layers) == 100  # the limit ends with the call


def test_numbers_without_measure_are_refused_before_anything_is_built():
    with pytest.raises(CheckpointError, match=r"its config asks for blocks=1000000000000, and 1048576 is the most"):
        rebuilt(blocks=10**12)


@pytest.mark.parametrize(
    ("config", "weights", "message"),
    [
        (
            {"width": 10**6},
            None,
            r"layers\.0\.weight and 3 more are of another shape or type",
        ),  # 8 TB, which nobody allocates
        ({"blocks": 1}, None, r"layers\.1\.weight and 1 more are not of this network"),
        ({}, {"layers.0.weight": torch.ones(3, 3)}, r"layers\.0\.bias and 2 more are missing"),
        ({}, {**Stack().state_dict(), "layers.1.bias": "text"}, r"layers\.1\.bias are of another shape or type"),
        ({}, {**Stack().state_dict(), "layers.1.bias": torch.ones(3).long()}, r"layers\.1\.bias are of another shape"),
        ({"width": -1}, None, r"its config cannot be built: .*negative"),
        ({"width": "x"}, None, r"its config cannot be built"),
    ],
)
def test_what_does_not_fit_is_named(config, weights, message):
    with pytest.raises(CheckpointError, match=message):
        rebuilt(weights, **config)


def test_an_error_that_the_caller_records_is_its_own():
    assert rebuild(lambda: None, {}, {}) is None
