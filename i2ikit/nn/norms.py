"""The normalization layers of all networks, by name. A new norm is one entry of ``NORMS``."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from i2ikit.checks import one_of

# torch's own layers. Dropout is among them because its random numbers depend on the size of the batch.
_MIXING = (nn.modules.batchnorm._NormBase, nn.modules.dropout._DropoutNd)


class Norm(NamedTuple):
    """A norm, and what networks depend on.

    Attributes:
        make: from the number of channels C to a layer for feature maps (B, C, H, W).
        bias_before: whether the convolution before it has a bias.
        mixes_images: whether the result for one image depends on the other images of the batch. The model runs two
            batches through a network in one call only where no layer mixes them.
    """

    make: Callable[[int], nn.Module]
    bias_before: bool
    mixes_images: bool


# Published rule for the bias: only before an instance norm, which cancels it. So ``none`` has no bias there either;
# kept, since the published weights have this layout.
NORMS: dict[str, Norm] = {
    "instance": Norm(nn.InstanceNorm2d, bias_before=True, mixes_images=False),
    "instance_affine": Norm(partial(nn.InstanceNorm2d, affine=True), bias_before=True, mixes_images=False),
    "batch": Norm(nn.BatchNorm2d, bias_before=False, mixes_images=True),
    "none": Norm(nn.Identity, bias_before=False, mixes_images=False),
}


def make_norm(kind: str, channels: int) -> nn.Module:
    """Return a normalization of feature maps (B, C, H, W).

    Args:
        kind: a key of ``NORMS``: ``instance`` (each map of each image by itself, no weights, no running statistics,
            eps 1e-5), ``instance_affine`` (the same with weights), ``batch`` (weights and running statistics) or
            ``none`` (the identity).
        channels: C, at least 1.

    Raises:
        ValueError: another kind.
    Source:
        The published code of CycleGAN and CUT. With its initialization, first activations have a variance near the
        instance norm's eps, so eps is part of the method.
    """
    norm = NORMS[one_of("norm", kind, NORMS)]
    layer = norm.make(channels)
    layer.mixes_images = norm.mixes_images  # type: ignore[assignment]  # a plain attribute of the module
    return layer


def bias_before(kind: str) -> bool:
    """Return whether a convolution that is followed by the norm ``kind`` has a bias."""
    return NORMS[one_of("norm", kind, NORMS)].bias_before


def mixes_images(network: nn.Module) -> bool:
    """Return whether the output of a network for one image depends on the other images of its batch.

    Passes through such a network are never joined in one call. A layer declares what it does with the attribute
    ``mixes_images``. Without it, a layer of one of torch's base classes of norms or dropout mixes, unless it is an
    instance norm without running statistics; every other layer keeps images apart.

    Args:
        network: a network, or a single layer.
    """
    return any(_mixes(layer) for layer in network.modules())


def _mixes(layer: nn.Module) -> bool:
    declared = getattr(layer, "mixes_images", None)
    if isinstance(declared, bool):
        return declared
    if isinstance(layer, nn.modules.instancenorm._InstanceNorm):
        return bool(layer.track_running_stats)
    return isinstance(layer, _MIXING)


class OnePositionNorm(nn.InstanceNorm2d):
    """An instance norm that also takes maps of one position, whose value less its mean is 0 but for rounding.

    torch's own refuses them, in evaluation mode too.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalized maps (B, C, h, w)."""
        exported = torch.compiler.is_compiling() or torch._C._is_tracing()  # its maps have no size yet
        if x.ndim != 4 or self.track_running_stats or not (exported or x.shape[2:].numel() == 1):
            return super().forward(x)
        found: Tensor = torch.instance_norm(
            x, self.weight, self.bias, None, None, True, 0.0, self.eps, torch.backends.cudnn.enabled
        )
        return found


def take_one_position(network: nn.Module) -> None:
    """Let torch's instance norms of a network take maps of one position, in place; nothing else changes.

    So a trained generator with a norm at its lowest resolution translates, and is exported for, images of any size.
    """
    for layer in network.modules():
        if type(layer) is nn.InstanceNorm2d:
            layer.__class__ = OnePositionNorm
