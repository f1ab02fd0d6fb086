"""Initialization of finished networks."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import init
from torch.nn.modules.conv import _ConvNd

from i2ikit.checks import one_of

INITIALIZERS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "normal": lambda weight, gain: init.normal_(weight, 0.0, gain),
    "xavier": init.xavier_normal_,
    "kaiming": lambda weight, gain: init.kaiming_normal_(weight),
    "orthogonal": init.orthogonal_,
}


@torch.no_grad()
def initialize(module: nn.Module, kind: str, gain: float) -> None:
    """Sample the weights of all convolutions and linear layers inside ``module``, in place.

    Biases become 0. The weights of a BatchNorm2d are sampled from N(1, 0.02), its biases become 0; other norms do not
    change, BatchNorm1d included (the published code does not reach it).

    Args:
        module: a finished network.
        kind: ``normal`` (N(0, gain)), ``xavier`` (normal, standard deviation gain * sqrt(2 / (fan_in + fan_out))),
            ``kaiming`` (normal, sqrt(2 / fan_in); has no gain) or ``orthogonal`` (times gain).
        gain: > 0; 0.02 in all published methods.

    Raises:
        ValueError: another kind.
    Source:
        CycleGAN uses ``normal``, arXiv:1703.10593 section 4; CUT and its descendants ``xavier``.
    """
    sample = INITIALIZERS[one_of("init", kind, INITIALIZERS)]
    for layer in module.modules():
        if getattr(getattr(layer, "weight", None), "is_meta", False):
            continue  # no values to sample, which would take most of the time of a check
        if isinstance(layer, _ConvNd | nn.Linear):
            sample(layer.weight, gain)
            if layer.bias is not None:
                layer.bias.zero_()
        elif isinstance(layer, nn.BatchNorm2d) and layer.affine:
            layer.weight.normal_(1.0, 0.02)
            layer.bias.zero_()
