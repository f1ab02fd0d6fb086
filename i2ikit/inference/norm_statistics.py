"""Statistics of norms from outside: of a whole image for each of its tiles, or of several frames for each of them."""

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Moments(NamedTuple):
    """Mean and variance with which a norm normalizes feature maps, float32.

    Attributes:
        mean, variance: (B, G), or (1, G) for all images of a batch; G is the number of groups of channels that share
            statistics: C for instance norm.
    """

    mean: Tensor
    variance: Tensor


Rule = Callable[[str, Tensor], Moments]  # from the name of a norm and its maps (B, G, C / G, H, W) to what it uses


def own_moments(maps: Tensor) -> Moments:
    """Return the moments of each image, as a norm computes them by itself.

    Shape:
        maps: (B, G, C / G, H, W).
    """
    variance, mean = torch.var_mean(maps.float(), dim=tuple(range(2, maps.ndim)), correction=0)
    return Moments(mean, variance)


class RuledNorm(nn.Module):
    """A norm over the positions of an image, whose statistics a rule chooses; without a gradient through them.

    Args:
        layer: the norm, see :func:`groups_of`.
        name: of the layer in its network.
        rule: gives the statistics of each call.
    Shape:
        (B, C, H, W) -> the same.
    """

    def __init__(self, layer: nn.Module, name: str, rule: Rule) -> None:
        super().__init__()
        self.layer, self.name, self.rule = layer, name, rule

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalized maps."""
        batch, channels = x.shape[:2]
        groups = groups_of(self.layer, channels)
        assert groups, "only norms over positions get a rule"
        mean, variance = self.rule(self.name, x.unflatten(1, (groups, channels // groups)))
        # detached: torch has no gradient of given statistics
        mean, variance = (
            value.detach().repeat_interleave(channels // groups, 1).to(x.device) for value in (mean, variance)
        )
        normalize = getattr(self.layer, "normalize", None)
        if normalize is not None:
            shape = (-1, channels) + (1,) * (x.ndim - 2)
            normalized: Tensor = normalize(x, mean.view(shape), variance.view(shape))
            return normalized
        weight, bias = self.layer.weight, self.layer.bias
        eps = float(self.layer.eps)  # type: ignore[arg-type]
        if len(mean) == 1:  # the same for all images
            return F.batch_norm(x, mean[0], variance[0], weight, bias, eps=eps)  # type: ignore[arg-type]
        flat = F.batch_norm(x.reshape(1, batch * channels, *x.shape[2:]), mean.flatten(), variance.flatten(), eps=eps)
        normalized = flat.view_as(x)
        if weight is None:
            return normalized
        shape = (channels,) + (1,) * (x.ndim - 2)
        return normalized * weight.view(shape) + bias.view(shape)  # type: ignore[operator]


def groups_of(layer: nn.Module, channels: int) -> int:
    """Return in how many groups of channels a layer takes statistics over the positions of one image; 0 for none.

    These are torch's instance norms without running statistics and its group norms. A norm of another class takes part
    if it has a method ``normalize(x, mean, variance)``, which does all but compute the moments, with ``mean`` and
    ``variance`` (B or 1, C, 1, 1), and an attribute ``groups``, an int; None stands for one for each channel.
    """
    if callable(getattr(layer, "normalize", None)) and hasattr(layer, "groups"):
        groups: Any = layer.groups
        return channels if groups is None else int(groups)
    if isinstance(layer, nn.modules.instancenorm._InstanceNorm):
        return 0 if layer.track_running_stats else channels
    return layer.num_groups if isinstance(layer, nn.GroupNorm) else 0


def ruled(generator: nn.Module, rule: Rule) -> nn.Module:
    """Return a copy of a generator whose norms over positions ask a rule for their statistics.

    It shares all weights and buffers with the generator, which is unchanged: others may use it at the same time.

    Args:
        generator: in evaluation mode.
        rule: called with the name of the layer and its maps, in the order in which layers are run.
    """
    shared = {id(tensor): tensor for tensor in (*generator.parameters(), *generator.buffers())}
    copied = copy.deepcopy(generator, shared)
    for name, layer in [*copied.named_modules(remove_duplicate=False)]:
        if groups_of(layer, 1):
            parent, _, child = name.rpartition(".")
            setattr(copied.get_submodule(parent), child, RuledNorm(layer, name, rule))
    return copied
