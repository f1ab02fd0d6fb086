"""Published layer numbers as names of taps."""

from collections.abc import Sequence

from torch import nn

from i2ikit.errors import ConfigError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.generators.stylegan2 import StyleGAN2Generator
from i2ikit.inference.official.layouts import encoder_length, numbered_layers


def published_taps(generator: nn.Module, numbers: Sequence[int], *, encode_only: bool = True) -> list[str]:
    """Return the taps that published layer numbers read, in the order of the layers.

    The published ReLUs write over their input. So a layer in front of one is read as that ReLU's output, unless it is
    the last layer of a pass that ends there.

    Args:
        generator: a ResNet or StyleGAN2 generator.
        numbers: of the published sequence, from 0, such as CUT's (0, 4, 8, 12, 16).
        encode_only: whether the pass ends with the last of ``numbers`` (CUT) or goes on to the image (EnCo).

    Raises:
        ConfigError: a number has no tap.
    """
    order = sorted(numbers)
    layers = _layers(generator)
    wrong = [number for number in order if not 0 <= number < len(layers)]
    if wrong:
        raise ConfigError("the layer numbers", [f"there is no layer {wrong[0]}; there are 0..{len(layers) - 1}"])
    return [_tap(layers, number, encode_only and number == order[-1]) for number in order]


def _layers(generator: nn.Module) -> list[tuple[str, nn.Module]]:
    if isinstance(generator, ResNetGenerator):
        return [(tap, layer) for tap, _, layer in numbered_layers(generator)]
    if isinstance(generator, StyleGAN2Generator):
        return list(generator.stages.named_children())[: encoder_length(generator)]
    raise ConfigError("the layer numbers", [f"a {type(generator).__name__} has no published layer numbers"])


def _tap(layers: Sequence[tuple[str, nn.Module]], number: int, last: bool) -> str:
    """Return the tap that a number reads: the layer's own, or that of the ReLU that writes over its output."""
    shared = number  # an absent norm hands on the very same tensor
    while shared + 1 < len(layers) and isinstance(layers[shared + 1][1], nn.Identity):
        shared += 1
    over = shared + 1 < len(layers) and isinstance(layers[shared + 1][1], nn.ReLU)
    return layers[shared + 1 if over and not last else number][0]
