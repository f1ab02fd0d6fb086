"""The published names of the weights of a network.

A layout is derived from a built network and is used in both directions: published name -> own name or fixed kernel.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, singledispatch
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
from i2ikit.nn.stylegan2 import BlurredHalving, Noise, StyleGAN2Block

NORM_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")
CONVS = (nn.Conv2d, nn.ConvTranspose2d)


@dataclass
class Layout:
    """The published state dict of one network.

    Attributes:
        network: ours.
        entries: published name -> own name, or the fixed kernel of that entry; in the published order.
        ignored: published names in older files that have no effect: statistics of instance norms.
    """

    network: nn.Module
    entries: dict[str, str | Tensor] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)

    @cached_property
    def canceled(self) -> set[str]:
        """Published names of convolution biases that an instance norm cancels; a file may lack them."""
        leaves = [(name, module) for name, module in self.network.named_modules() if not list(module.children())]
        own = {
            f"{name}.bias"
            for (name, module), (_, after) in pairwise(leaves)
            if isinstance(module, CONVS) and module.bias is not None and isinstance(after, nn.InstanceNorm2d)
        }
        return {name for name, entry in self.entries.items() if isinstance(entry, str) and entry in own}

    def add(self, published: str, own: str) -> None:
        """Add all weights of the module ``own``, under the same last name on both sides."""
        module = self.network.get_submodule(own)
        self.entries |= {f"{published}.{key}": f"{own}.{key}" for key in module.state_dict()}
        if isinstance(module, nn.InstanceNorm2d):
            self.ignored |= {f"{published}.{key}" for key in NORM_BUFFERS}

    def add_sequence(self, published: str, own: str) -> None:
        """Add the layers of a sequence by their numbers; a blurred halving has a fixed kernel instead of weights."""
        for number, (name, layer) in enumerate(self.network.get_submodule(own).named_children()):
            if isinstance(layer, BlurredHalving):
                self.entries[f"{published}.{number}.kernel"] = _kernel((1, 3, 3, 1), 64)
            else:
                self.add(f"{published}.{number}", f"{own}.{name}")

    def add_block(self, published: str, own: str) -> None:
        """Add a residual block of StyleGAN2."""
        for name in ("conv1", "conv2", "skip"):
            self.add_sequence(f"{published}.{name}", f"{own}.{name}")


@singledispatch
def layout_of(network: nn.Module) -> Layout:
    """Return the published layout of a network.

    Raises:
        CheckpointError: no published code has such a network.
    """
    raise CheckpointError(f"no published code has a {type(network).__name__}; there is no layout to write it in")


def numbered_layers(generator: ResNetGenerator) -> list[tuple[str, str, nn.Module]]:
    """Return the layers of the published sequence in order: name of the tap, own prefix, module."""
    layers: list[tuple[str, str, nn.Module]] = []
    for name, stage in generator.stages.named_children():
        if not isinstance(stage, nn.Sequential):
            layers.append((name, f"stages.{name}", stage))
            continue
        inside = list(stage.named_children())
        for inner, layer in inside:
            ends_stage = inner == inside[-1][0] and name != "out"  # the last stage ends in the tanh
            layers.append((name if ends_stage else f"{name}_{inner}", f"stages.{name}.{inner}", layer))
    return [*layers, ("out", "", nn.Tanh())]


@layout_of.register
def _(network: ResNetGenerator) -> Layout:
    for option in ("input_skip", "mask"):
        if getattr(network, option):
            raise CheckpointError(f"no published generator has {option}; there is no layout to write it in")
    layout = Layout(network)
    for number, (tap, own, layer) in enumerate(numbered_layers(network)):
        published = f"model.{number}"
        if isinstance(layer, ResidualBlock):
            for position, inner in _block_positions(layer):
                layout.add(f"{published}.conv_block.{position}", f"{own}.{inner}")
        elif isinstance(layer, BlurDown | BlurUp):
            layout.entries[f"{published}.filt"] = _blur_filter(layer, network.widths([tap])[0])
        elif own:
            layout.add(published, own)
    return layout


@layout_of.register(PatchGANDiscriminator)
@layout_of.register(TileDiscriminator)
def _(network: PatchGANDiscriminator) -> Layout:
    layout, number = Layout(network), 0
    for name, stage in network.stages.named_children():
        inside = stage.named_children() if isinstance(stage, nn.Sequential) else [("", stage)]
        for inner, layer in inside:
            if (name, inner) == ("layer1", "norm"):
                continue
            if isinstance(layer, BlurDown):
                conv = stage.get_submodule("conv")
                assert isinstance(conv, nn.Conv2d)
                layout.entries[f"model.{number}.filt"] = _blur_filter(layer, conv.out_channels)
            else:
                layout.add(f"model.{number}", f"stages.{name}.{inner}".rstrip("."))
            number += 1
    return layout


@layout_of.register
def _(network: PixelDiscriminator) -> Layout:
    layout = Layout(network)
    for number, name in ((0, "conv1"), (2, "conv2"), (3, "norm"), (5, "score")):
        layout.add(f"net.{number}", name)
    return layout


@layout_of.register
def _(network: UNetGenerator) -> Layout:
    layout = Layout(network)
    stages = dict(network.stages.named_children())
    downs = sum(name.startswith("down") for name in stages)
    nested = [f"model.model.1{'.model.3' * depth}.model" for depth in range(downs - 1)]
    outer = {"down1": ("model.model", 0), "out": ("model.model", 3)}  # published prefix, number of the convolution
    down = {f"down{level}": (prefix, 1) for level, prefix in enumerate(nested, start=2)}
    up = {f"up{level}": (prefix, 3 if level == 1 else 5) for level, prefix in enumerate(reversed(nested), start=1)}
    positions = outer | down | up
    for stage in ("down1", *down, *up, "out"):
        prefix, first = positions[stage]
        for number, inner in enumerate(("conv", "norm"), start=first):
            if hasattr(stages[stage], inner):
                layout.add(f"{prefix}.{number}", f"stages.{stage}.{inner}")
    return layout


@layout_of.register
def _(network: StyleGAN2Generator) -> Layout:
    layout = Layout(network)
    encoder = encoder_length(network)
    for number, (name, stage) in enumerate(network.stages.named_children()):
        part, position = ("encoder", number) if number < encoder else ("decoder", number - encoder)
        published, own = f"{part}.convs.{position}", f"stages.{name}"
        if isinstance(stage, StyleGAN2Block):
            layout.add_block(published, own)
        elif name.startswith("up"):
            _add_doubling(layout, published, own)
        else:
            layout.add_sequence(published, own)
    return layout


@layout_of.register
def _(network: StyleGAN2Discriminator) -> Layout:
    layout = Layout(network)
    layout.add_sequence("convs.0", "stem")
    for number in range(len(network.blocks)):
        layout.add_block(f"convs.{number + 1}", f"blocks.{number}")
    layout.add_sequence("final_conv", "conv")
    layout.add("final_linear.0", "linear")
    layout.add("final_linear.1", "score")
    return layout


@layout_of.register(MLPHead)
@layout_of.register(ProjectionPredictionHead)
def _(network: nn.Module) -> Layout:
    layout = Layout(network)
    for own, published in (("layers", "mlp"), ("projectors", "mlp"), ("predictors", "prj")):
        for number in range(len(getattr(network, own, ()))):
            layout.add(f"{published}_{number}", f"{own}.{number}")
    return layout


def encoder_length(generator: StyleGAN2Generator) -> int:
    """Return the number of stages of a StyleGAN2 generator that are the encoder of the published code."""
    names = [name for name, _ in generator.stages.named_children()]
    blocks = sum(name.startswith("block") for name in names)
    return names.index(f"block{blocks // 2}") + 1


def _block_positions(block: ResidualBlock) -> Iterator[tuple[int, str]]:
    """Yield the published number of each layer inside a residual block that has weights."""
    pads = int(block.conv1.padding_mode != "zeros")  # zero padding needs no layer of its own
    yield pads, "conv1"
    yield pads + 1, "norm1"
    second = pads + 3 + isinstance(block.dropout, nn.Dropout) + pads
    yield second, "conv2"
    yield second + 1, "norm2"


def _add_doubling(layout: Layout, published: str, own: str) -> None:
    layout.add(f"{published}.conv", f"{own}.conv")
    layout.entries[f"{published}.conv.blur.kernel"] = _kernel((1, 3, 3, 1), 16)
    if isinstance(getattr(layout.network.get_submodule(own), "noise", None), Noise):
        layout.add(f"{published}.noise", f"{own}.noise")
    else:
        layout.entries[f"{published}.noise.weight"] = torch.zeros(1)  # stored by the published code, but not used
    layout.add(f"{published}.activate", f"{own}.activation")


def _kernel(row: Sequence[float], total: float) -> Tensor:
    """Return the outer product of a row with itself over ``total``, (N, N) float32."""
    taps = torch.tensor(row, dtype=torch.float32)
    return taps[:, None] * taps[None, :] / total


def _blur_filter(layer: nn.Module, channels: int) -> Tensor:
    """Return the kernel that the published code stores once per channel, (C, 1, N, N)."""
    kernel = _kernel((1, 2, 1), 16) if isinstance(layer, BlurDown) else _kernel((1, 3, 3, 1), 16)
    return kernel.expand(channels, 1, -1, -1).clone()
