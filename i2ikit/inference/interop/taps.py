"""Published layer numbers as names of taps."""

from collections.abc import Sequence

from torch import nn

from i2ikit.errors import ConfigError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.generators.stylegan2 import StyleGAN2Generator
from i2ikit.inference.interop.layouts import encoder_length, numbered_layers


def published_taps(generator: nn.Module, numbers: Sequence[int], *, encode_only: bool = True) -> list[str]:
    """Return the taps that published layer numbers read, in the order of the layers.

    The published ReLUs write over their input. So a layer in front of one is read as that ReLU's output, unless the
    pass ends before the ReLU.

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
    end = order[-1] if encode_only else len(layers) - 1
    return [_tap(layers[: end + 1], number) for number in order]


def _layers(generator: nn.Module) -> list[tuple[str, nn.Module]]:
    if isinstance(generator, ResNetGenerator):
        return [(tap, layer) for tap, _, layer in numbered_layers(generator)]
    if isinstance(generator, StyleGAN2Generator):
        return list(generator.stages.named_children())[: encoder_length(generator)]
    raise ConfigError("the layer numbers", [f"a {type(generator).__name__} has no published layer numbers"])


def _tap(run: Sequence[tuple[str, nn.Module]], number: int) -> str:
    """Return the tap that a number reads: the layer's own, or that of the ReLU that runs and writes over its output."""
    after = number + 1
    while after < len(run) and isinstance(run[after][1], nn.Identity):  # an absent norm hands on the very same tensor
        after += 1
    over = after < len(run) and isinstance(run[after][1], nn.ReLU)
    return run[after if over else number][0]
