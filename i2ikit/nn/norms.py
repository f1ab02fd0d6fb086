"""Normalization layers by name, the bias of the convolution before them, and which layers mix the images of a batch."""

from torch import nn

from i2ikit.checks import one_of

NORMS = ("instance", "instance_affine", "batch", "none")

# torch's own layers. Dropout is among them because its random numbers depend on the size of the batch.
_MIXING = (nn.modules.batchnorm._NormBase, nn.modules.dropout._DropoutNd)


def make_norm(kind: str, channels: int) -> nn.Module:
    """Return a normalization of feature maps (B, C, H, W).

    Args:
        kind: ``instance`` (each map of each image by itself, no weights, no running statistics, eps 1e-5),
            ``instance_affine`` (the same with weights, as in other people's generators), ``batch`` (weights and running
            statistics) or ``none`` (the identity).
        channels: C, at least 1.

    Raises:
        ValueError: another kind.
    Source:
        The published code of CycleGAN and CUT. With its initialization, first activations have a variance near the
        instance norm's eps, so eps is part of the method.
    """
    one_of("norm", kind, NORMS)
    if kind.startswith("instance"):
        return nn.InstanceNorm2d(channels, eps=1e-5, affine=kind == "instance_affine", track_running_stats=False)
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    return nn.Identity()


def bias_before(norm: str) -> bool:
    """Say whether a convolution that is followed by the norm ``norm`` has a bias.

    Published rule: only before an instance norm, which cancels it. So ``none`` has no bias there either; kept, since
    the published weights have this layout.
    """
    return one_of("norm", norm, NORMS).startswith("instance")


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
