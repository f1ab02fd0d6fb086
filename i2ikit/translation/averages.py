"""Moving averages of networks: slow copies that no optimizer touches."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from i2ikit.checks import fraction

COPY, OWN = STARTS = ("copy", "own")  # an average starts as a copy of the network, or with random weights of its own


@dataclass(frozen=True)
class Average:
    """A slow copy of a network: copy <- momentum * copy + (1 - momentum) * network, once a step.

    Attributes:
        of: full name of the network, such as ``"generators.ab"``.
        momentum: fraction of the copy that each step keeps, 0..1; 1 never moves, 0 is the network itself.

    Raises:
        ValueError: the momentum is outside 0..1.
    Source:
        He et al. 2020 (MoCo), arXiv:1911.05722, eq. 2; of generators: Karras et al. 2018, arXiv:1710.10196.
    """

    of: str
    momentum: float = 0.999

    def __post_init__(self) -> None:
        fraction("momentum", self.momentum)


def frozen_copy(network: nn.Module) -> nn.Module:
    """Return a copy of a network whose parameters take no gradient."""
    return deepcopy(network).requires_grad_(False)


@torch.no_grad()
def follow(averages: Mapping[str, Average], networks: Mapping[str, nn.Module]) -> None:
    """Move every copy one step toward its network.

    Parameters are averaged; buffers, such as the statistics of a batch norm, are copied.

    Args:
        averages: by full name of the copy.
        networks: the copies and their networks, by full name.
    """
    for name, average in averages.items():
        copy, network = networks[name], networks[average.of]
        slow: list[Tensor] = list(copy.parameters())
        fast: list[Tensor] = list(network.parameters())
        torch._foreach_lerp_(slow, fast, 1.0 - average.momentum)
        held, latest = list(copy.buffers()), list(network.buffers())
        if held:
            torch._foreach_copy_(held, latest)
