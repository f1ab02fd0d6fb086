"""Where the published code keeps each weight of a network.

A layout is derived from a built network, so it serves both directions: published name -> own name or fixed kernel.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import singledispatch
from itertools import pairwise

import torch
from torch import Tensor, nn

from i2ikit.discriminators.patchgan import PatchGANDiscriminator
from i2ikit.discriminators.pixel import PixelDiscriminator
from i2ikit.discriminators.stylegan2 import StyleGAN2Discriminator
from i2ikit.discriminators.tile import TileDiscriminator
from i2ikit.errors import CheckpointError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.generators.stylegan2 import StyleGAN2Generator
from i2ikit.generators.unet import UNetGenerator
from i2ikit.heads.mlp import MLPHead
from i2ikit.heads.projection_prediction import ProjectionPredictionHead
from i2ikit.nn.blur import BlurDown, BlurUp
from i2ikit.nn.residual import ResidualBlock
from i2ikit.nn.stylegan2 import BlurredHalving, DoublingConv, Noise, StyleGAN2Block

NORM_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")
CONVS = (nn.Conv2d, nn.ConvTranspose2d)


@dataclass
class Layout:
    """The published state dict of one network.

    Attributes:
        entries: published name -> own name, or the kernel that always stands there; in the published order.
        ignored: published names that older files have and that mean nothing: statistics of instance norms.
        canceled: published names of biases that an instance norm cancels; a file may lack them.
    """

    entries: dict[str, str | Tensor] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    canceled: set[str] = field(default_factory=set)

    def add(self, published: str, own: str, module: nn.Module) -> None:
        """Add everything that a module keeps, under the same last name on both sides."""
        self.entries |= {f"{published}.{key}": f"{own}.{key}" for key in module.state_dict()}
        if isinstance(module, nn.InstanceNorm2d):
            self.ignored |= {f"{published}.{key}" for key in NORM_BUFFERS}


@singledispatch
def layout_of(network: nn.Module) -> Layout:
    """Return where the published code keeps the weights of a network.

    Raises:
        CheckpointError: no published code has such a network.
    """
    raise CheckpointError(f"no published code has a {type(network).__name__}; there is no layout to write it in")


def numbered_layers(generator: ResNetGenerator) -> list[tuple[str, str, nn.Module]]:
    """Return the layers of the published sequence, number by number: name of the tap, own prefix, module."""
    layers: list[tuple[str, str, nn.Module]] = []
    for name, stage in generator.stages.named_children():
        if not isinstance(stage, nn.Sequential):
            layers.append((name, f"stages.{name}", stage))
            continue
        inside = list(stage.named_children())
        for inner, layer in inside:
            whole = inner == inside[-1][0] and name != "out"  # the last stage ends in the tanh
            layers.append((name if whole else f"{name}_{inner}", f"stages.{name}.{inner}", layer))
    return [*layers, ("out", "", nn.Tanh())]


@layout_of.register
def _(network: ResNetGenerator) -> Layout:
    if network.input_skip:
        raise CheckpointError("no published generator has input_skip; there is no layout to write it in")
    layout = Layout()
    for number, (tap, own, layer) in enumerate(numbered_layers(network)):
        published = f"model.{number}"
        if isinstance(layer, ResidualBlock):
            for position, inner in _block_positions(layer):
                layout.add(f"{published}.conv_block.{position}", f"{own}.{inner}", getattr(layer, inner))
        elif isinstance(layer, BlurDown | BlurUp):
            layout.entries[f"{published}.filt"] = _blur_filter(layer, network.widths([tap])[0])
        else:
            layout.add(published, own, layer)
    return _with_canceled(layout, network)


@layout_of.register(PatchGANDiscriminator)
@layout_of.register(TileDiscriminator)
def _(network: PatchGANDiscriminator) -> Layout:
    layout, number = Layout(), 0
    for name, stage in network.stages.named_children():
        inside = stage.named_children() if isinstance(stage, nn.Sequential) else [("", stage)]
        for inner, layer in inside:
            if (name, inner) == ("layer1", "norm"):
                continue
            own = f"stages.{name}.{inner}".rstrip(".")
            if isinstance(layer, BlurDown):
                layout.entries[f"model.{number}.filt"] = _blur_filter(layer, _channels(stage))
            else:
                layout.add(f"model.{number}", own, layer)
            number += 1
    return _with_canceled(layout, network)


@layout_of.register
def _(network: PixelDiscriminator) -> Layout:
    layout = Layout()
    for number, name in ((0, "conv1"), (2, "conv2"), (3, "norm"), (5, "score")):
        layout.add(f"net.{number}", name, getattr(network, name))
    return _with_canceled(layout, network)


@layout_of.register
def _(network: UNetGenerator) -> Layout:
    layout = Layout()
    stages = dict(network.stages.named_children())
    downs = sum(name.startswith("down") for name in stages)
    nested = [f"model.model.1{'.model.3' * depth}" for depth in range(downs - 1)]
    layout.add("model.model.0", "stages.down1.conv", stages["down1"].get_submodule("conv"))
    for level, prefix in enumerate(nested, start=2):
        for number, inner in ((1, "conv"), (2, "norm")):
            if hasattr(stages[f"down{level}"], inner):
                layout.add(
                    f"{prefix}.model.{number}",
                    f"stages.down{level}.{inner}",
                    stages[f"down{level}"].get_submodule(inner),
                )
    for level, prefix in enumerate(reversed(nested), start=1):
        first = 3 if level == 1 else 5
        for number, inner in ((first, "conv"), (first + 1, "norm")):
            layout.add(
                f"{prefix}.model.{number}", f"stages.up{level}.{inner}", stages[f"up{level}"].get_submodule(inner)
            )
    layout.add("model.model.3", "stages.out.conv", stages["out"].get_submodule("conv"))
    return _with_canceled(layout, network)


@layout_of.register
def _(network: StyleGAN2Generator) -> Layout:
    layout = Layout()
    encoder = encoder_length(network)
    for number, (name, stage) in enumerate(network.stages.named_children()):
        part, place = ("encoder", number) if number < encoder else ("decoder", number - encoder)
        published, own = f"{part}.convs.{place}", f"stages.{name}"
        if isinstance(stage, StyleGAN2Block):
            _add_block(layout, published, own, stage)
        elif name.startswith("up"):
            _add_doubling(layout, published, own, stage)
        else:
            _add_sequence(layout, published, own, stage)
    return layout


@layout_of.register
def _(network: StyleGAN2Discriminator) -> Layout:
    layout = Layout()
    _add_sequence(layout, "convs.0", "stem", network.stem)
    for number, block in enumerate(network.blocks):
        _add_block(layout, f"convs.{number + 1}", f"blocks.{number}", block)
    _add_sequence(layout, "final_conv", "conv", network.conv)
    layout.add("final_linear.0", "linear", network.linear)
    layout.add("final_linear.1", "score", network.score)
    return layout


@layout_of.register
def _(network: MLPHead) -> Layout:
    layout = Layout()
    for number, layer in enumerate(network.layers):
        layout.add(f"mlp_{number}", f"layers.{number}", layer)
    return layout


@layout_of.register
def _(network: ProjectionPredictionHead) -> Layout:
    layout = Layout()
    for published, own in (("mlp", "projectors"), ("prj", "predictors")):
        for number, layer in enumerate(network.get_submodule(own).children()):
            layout.add(f"{published}_{number}", f"{own}.{number}", layer)
    return layout


def encoder_length(generator: StyleGAN2Generator) -> int:
    """Return how many stages of a StyleGAN2 generator the published code counts as its encoder."""
    names = [name for name, _ in generator.stages.named_children()]
    blocks = sum(name.startswith("block") for name in names)
    return names.index(f"block{blocks // 2}") + 1


def _block_positions(block: ResidualBlock) -> Iterator[tuple[int, str]]:
    """Yield the published number inside a residual block of each layer that keeps something."""
    pads = int(block.conv1.padding_mode != "zeros")  # padding by zeros needs no layer of its own
    yield pads, "conv1"
    yield pads + 1, "norm1"
    second = pads + 3 + isinstance(block.dropout, nn.Dropout) + pads
    yield second, "conv2"
    yield second + 1, "norm2"


def _add_sequence(layout: Layout, published: str, own: str, sequence: nn.Module) -> None:
    for number, (name, layer) in enumerate(sequence.named_children()):
        if isinstance(layer, BlurredHalving):
            layout.entries[f"{published}.{number}.kernel"] = _kernel((1, 3, 3, 1), 64)
        else:
            layout.add(f"{published}.{number}", f"{own}.{name}", layer)


def _add_block(layout: Layout, published: str, own: str, block: nn.Module) -> None:
    for name in ("conv1", "conv2", "skip"):
        _add_sequence(layout, f"{published}.{name}", f"{own}.{name}", block.get_submodule(name))


def _add_doubling(layout: Layout, published: str, own: str, stage: nn.Module) -> None:
    layers = dict(stage.named_children())
    assert isinstance(layers["conv"], DoublingConv)
    layout.add(f"{published}.conv", f"{own}.conv", layers["conv"])
    layout.entries[f"{published}.conv.blur.kernel"] = _kernel((1, 3, 3, 1), 16)
    if isinstance(layers.get("noise"), Noise):
        layout.add(f"{published}.noise", f"{own}.noise", layers["noise"])
    else:
        layout.entries[f"{published}.noise.weight"] = torch.zeros(1)  # kept by the published code, and not used
    layout.add(f"{published}.activate", f"{own}.activation", layers["activation"])


def _kernel(row: Iterable[float], total: float) -> Tensor:
    """Return the outer product of a row with itself over ``total``, (N, N) float32."""
    taps = torch.tensor(list(row), dtype=torch.float32)
    return taps[:, None] * taps[None, :] / total


def _channels(stage: nn.Module) -> int:
    conv = stage.get_submodule("conv")
    assert isinstance(conv, nn.Conv2d)
    return conv.out_channels


def _blur_filter(layer: nn.Module, channels: int) -> Tensor:
    """Return the kernel that the published code keeps once per channel, (C, 1, N, N)."""
    kernel = _kernel((1, 2, 1), 16) if isinstance(layer, BlurDown) else _kernel((1, 3, 3, 1), 16)
    return kernel.expand(channels, 1, -1, -1).clone()


def _with_canceled(layout: Layout, network: nn.Module) -> Layout:
    """Note the biases of convolutions that run straight into an instance norm."""
    leaves = [(name, module) for name, module in network.named_modules() if not list(module.children())]
    own = {
        f"{name}.bias"
        for (name, module), (_, behind) in pairwise(leaves)
        if isinstance(module, CONVS) and module.bias is not None and isinstance(behind, nn.InstanceNorm2d)
    }
    layout.canceled = {name for name, entry in layout.entries.items() if isinstance(entry, str) and entry in own}
    return layout
