"""Published layer numbers as names of taps."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from torch import nn

from i2ikit.errors import ConfigError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.generators.stylegan2 import StyleGAN2Generator
from i2ikit.inference.interop.layouts import encoder_length, numbered_layers

# Layer numbers of the published heads, and whether the pass that they are read from ends at the last one.
HEAD_LAYERS = (((0, 4, 8, 12, 16), True), ((4, 8, 12, 16), True), ((3, 7, 13), False), ((0, 2, 4), True))
# The same layers by name, for heads of a generator of another depth.
HEAD_TAPS = (["pad", "down1_conv", "down2_conv", "block1", "block5"], ["stem", "down1", "block2"])


def published_taps(generator: nn.Module, numbers: Sequence[int], *, encode_only: bool = True) -> list[str]:
    """Return the taps of published layer numbers, in the order of the layers.

    The published ReLUs work in place. A layer before one is therefore read as the output of the ReLU, unless the pass
    ends before the ReLU.

    Args:
        generator: a ResNet or StyleGAN2 generator.
        numbers: of the published sequence, from 0, such as CUT's (0, 4, 8, 12, 16).
        encode_only: whether the pass ends at the last of ``numbers`` (CUT) or continues to the image (EnCo).

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


def head_taps(generator: Any, widths: Sequence[int]) -> list[str] | None:
    """Return the first published list of taps of a generator that has these widths; None if there is none."""
    return next((taps for taps in _usual_taps(generator) if generator.widths(taps) == widths), None)


def _usual_taps(generator: Any) -> Iterator[list[str]]:
    """Yield the published lists of taps that a generator has."""
    for numbers, encode_only in HEAD_LAYERS:
        with suppress(ConfigError):  # this generator has no such layers
            yield published_taps(generator, numbers, encode_only=encode_only)
    for taps in (*HEAD_TAPS, HEAD_TAPS[0][1:]):
        if set(taps) <= set(generator.tap_names):
            yield taps


def _layers(generator: nn.Module) -> list[tuple[str, nn.Module]]:
    if isinstance(generator, ResNetGenerator):
        return [(tap, layer) for tap, _, layer in numbered_layers(generator)]
    if isinstance(generator, StyleGAN2Generator):
        return list(generator.stages.named_children())[: encoder_length(generator)]
    raise ConfigError("the layer numbers", [f"a {type(generator).__name__} has no published layer numbers"])


def _tap(layers: Sequence[tuple[str, nn.Module]], number: int) -> str:
    """Return the tap of a layer: its own, or that of the ReLU that overwrites its output in place."""
    after = number + 1
    while after < len(layers) and isinstance(layers[after][1], nn.Identity):  # of an absent norm
        after += 1
    overwritten = after < len(layers) and isinstance(layers[after][1], nn.ReLU)
    return layers[after if overwritten else number][0]
