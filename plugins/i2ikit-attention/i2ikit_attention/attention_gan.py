"""The generator of AttentionGAN: several images, and masks that say where each of them shows."""

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor, nn

from i2ikit.checks import MOST_LAYERS, positive_int
from i2ikit.nn.initialize import initialize
from i2ikit.nn.resnet_stages import decoder_stages, encoder_stages, last_convolution
from i2ikit.nn.staged import StagedGenerator
from i2ikit.registry import GENERATORS


@GENERATORS.register_module()
class AttentionGenerator(StagedGenerator):
    """One encoder, a decoder for N - 1 images, and a decoder for N masks that sum to 1 at each position.

    The output is the sum of the images, each under its mask, and of the input under the last one: the background.
    Taps, in order: those of ``ResNetGenerator`` up to ``up2``, then ``masks`` (B, N, H, W) in 0..1, the background's
    last, ``mask`` (B, 1, H, W), the sum of all but the background's, and ``out`` (the image).

    Args:
        channels: of the images, in and out, at least 1.
        filters: width F of the stem; the blocks have 4F. Published: 64.
        blocks: number of residual blocks, at least 1. Published: 9.
        masks: number N of masks, at least 2. Published: 10.
        antialias_down, antialias_up, norm, init, init_gain: as in ``ResNetGenerator``; the published code has no
            anti-aliasing and ``init="normal"``.
        input_skip: each image is tanh(net(x) + atanh(0.97 x)), as in ``ResNetGenerator``; not published.
    Shape:
        (B, channels, H, W) -> the same, in -1..1; H and W multiples of 4, at least 8.

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: an image of another shape.
    Source:
        Tang et al. 2019, arXiv:1911.11897, section III-B (scheme II).
    Example:
        >>> generator = AttentionGenerator(filters=4, blocks=1, masks=3)
        >>> taps = generator.trace(torch.zeros(1, 3, 32, 32), ["masks", "mask", "out"])
        >>> {name: tuple(x.shape) for name, x in taps.items()}
        {'masks': (1, 3, 32, 32), 'mask': (1, 1, 32, 32), 'out': (1, 3, 32, 32)}
    """

    def __init__(
        self,
        channels: int = 3,
        *,
        filters: int = 64,
        blocks: int = 9,
        masks: int = 10,
        antialias_down: bool = False,
        antialias_up: bool = False,
        norm: str = "instance",
        init: str = "normal",
        init_gain: float = 0.02,
        input_skip: bool = False,
    ) -> None:
        positive_int("channels", channels)
        positive_int("filters", filters)
        positive_int("blocks", blocks, most=MOST_LAYERS)
        if positive_int("masks", masks, most=MOST_LAYERS) < 2:
            raise ValueError(f"masks must be at least 2, one of them the background's, not {masks}")
        stages = [
            *encoder_stages(channels, filters, blocks, norm=norm, antialias=antialias_down),
            *decoder_stages(filters, norm=norm, antialias=antialias_up),
            ("masks", _masks(filters, masks, norm, antialias_up), masks),
            ("mask", nn.Identity(), 1),
            ("out", last_convolution(filters, (masks - 1) * channels), channels),
        ]
        super().__init__(channels, stages, multiple=4, smallest=8)
        self.input_skip, self.last_block = input_skip, f"block{blocks}"
        initialize(self, init, init_gain)

    def advance(
        self, name: str, stage: Callable[..., Tensor], value: Tensor, kept: list[Tensor], *extra: Tensor
    ) -> Tensor:
        """Run one stage; both decoders start from the last block, and the last stage puts the images together."""
        if name == "masks":
            return _kept(kept, value, torch.softmax(stage(kept[1]), dim=1))
        if name == "mask":
            return 1 - kept[-1][:, -1:]
        if name == "out":
            image, _, features, masks = kept
            made = stage(features).unflatten(1, (-1, self.in_channels))  # (B, N - 1, C, H, W)
            made = torch.tanh(made + torch.atanh(0.97 * image)[:, None] if self.input_skip else made)
            return (masks[:, :-1, None] * made).sum(1) + masks[:, -1:] * image
        if name == "pad":
            kept.append(value)
        value = stage(value)
        return _kept(kept, value) if name == self.last_block else value


def _kept(kept: list[Tensor], *values: Tensor) -> Tensor:
    """Keep values for later stages; return the last one."""
    kept.extend(values)
    return values[-1]


def _masks(filters: int, masks: int, norm: str, antialias: bool) -> nn.Sequential:
    """Return the decoder of the masks as one sequence of layers."""
    layers = OrderedDict[str, nn.Module]()
    for name, stage, _ in decoder_stages(filters, norm=norm, antialias=antialias):
        layers.update((f"{name}_{inner}", layer) for inner, layer in stage.named_children())
    layers.update(last_convolution(filters, masks).named_children())
    return nn.Sequential(layers)
