"""The ResNet generator of CycleGAN and its descendants."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from i2ikit.checks import MOST_LAYERS, positive_int
from i2ikit.nn.initialize import initialize
from i2ikit.nn.resnet_stages import decoder_stages, encoder_stages, last_convolution
from i2ikit.nn.staged import StagedGenerator
from i2ikit.registry import GENERATORS

MASK_START = 2.0  # logit of the mask before training


@GENERATORS.register_module()
class ResNetGenerator(StagedGenerator):
    """Two steps down, residual blocks at a quarter of the size, two steps up.

    Taps, in order: ``pad`` (the reflected image, 6 pixels larger), ``stem``, ``down1_conv``, ``down1``, ``down2_conv``,
    ``down2``, ``block1`` ... ``blockN``, ``up1``, ``up2``, ``out`` (the image). ``downK_conv`` is a convolution alone.

    Args:
        in_channels, out_channels: channels of the images, at least 1.
        filters: width F of the stem; the blocks have 4F. Published: 64.
        blocks: number N of residual blocks, at least 1. Published: 9, and 6 for small images.
        antialias_down: convolve with stride 1 and then blur and subsample; else convolve with stride 2.
        antialias_up: interpolate and then convolve; else a transposed convolution.
        norm: ``instance``, ``instance_affine``, ``batch`` or ``none``.
        dropout: dropout 0.5 inside the residual blocks.
        padding: border of the residual blocks' convolutions: ``reflect``, ``replicate`` or ``zero``.
        init, init_gain: see :func:`i2ikit.nn.initialize.initialize`.
        input_skip: out = tanh(net(x) + atanh(0.97 x)): the network learns the change, and returns almost the input
            before training. Not in the papers; preserves colors in short runs.
        mask: make a foreground mask too, m in 0..1 (B, 1, H, W), and return m * y + (1 - m) * x: the background is the
            input's. It is the tap ``mask``, before ``out``, made of ``up2`` and, for sharp edges, ``stem``; it starts
            near 0.88, so that all of the image learns.
    Shape:
        (B, in_channels, H, W) -> (B, out_channels, H, W) in -1..1; H and W multiples of 4, at least 8.

    Raises:
        ValueError: an argument is out of its range, or ``input_skip`` or ``mask`` with different channels in and out.
        ShapeError: an image of another shape.
    Source:
        Zhu et al. 2017, arXiv:1703.10593, appendix 7.2; anti-aliasing as in CUT, arXiv:2007.15651. For the mask:
        Mejjati et al. 2018, arXiv:1806.02311, who make it with a network of its own.
    Example:
        >>> generator = ResNetGenerator(filters=4, blocks=1)
        >>> {name: tuple(x.shape) for name, x in generator.trace(torch.zeros(1, 3, 32, 32), ["down2", "out"]).items()}
        {'down2': (1, 16, 8, 8), 'out': (1, 3, 32, 32)}
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        *,
        filters: int = 64,
        blocks: int = 9,
        antialias_down: bool = True,
        antialias_up: bool = True,
        norm: str = "instance",
        dropout: bool = False,
        padding: str = "reflect",
        init: str = "xavier",
        init_gain: float = 0.02,
        input_skip: bool = False,
        mask: bool = False,
    ) -> None:
        positive_int("in_channels", in_channels)
        positive_int("out_channels", out_channels)
        positive_int("filters", filters)
        positive_int("blocks", blocks, most=MOST_LAYERS)
        for option, on in (("input_skip", input_skip), ("mask", mask)):
            if on and in_channels != out_channels:
                raise ValueError(
                    f"{option}=True needs as many channels out as in, not in_channels={in_channels} and "
                    f"out_channels={out_channels}: set {option}=False"
                )
        stages = encoder_stages(
            in_channels, filters, blocks, norm=norm, antialias=antialias_down, padding=padding, dropout=dropout
        )
        stages += decoder_stages(filters, norm=norm, antialias=antialias_up)
        if mask:
            stages.append(("mask", last_convolution(2 * filters, 1), 1))
        stages.append(("out", last_convolution(filters, out_channels), out_channels))
        super().__init__(in_channels, stages, multiple=4, smallest=8)
        self.input_skip, self.mask = input_skip, mask
        initialize(self, init, init_gain)
        if mask:
            nn.init.constant_(self.get_parameter("stages.mask.conv.bias"), MASK_START)

    def advance(
        self, name: str, stage: Callable[..., Tensor], value: Tensor, kept: list[Tensor], *extra: Tensor
    ) -> Tensor:
        """Run one stage; the last one ends in tanh, to which the input may be added, and puts the mask on its image."""
        if name == "pad" and (self.input_skip or self.mask):
            kept.append(value)
        if name == "mask":
            kept += [value, torch.sigmoid(stage(torch.cat([value, kept[1]], dim=1)))]
            return kept[-1]
        if name != "out":
            value = stage(value)
            if name == "stem" and self.mask:
                kept.append(value)
            return value
        mask, value = (kept.pop(), kept.pop()) if self.mask else (None, value)
        made = stage(value)
        made = torch.tanh(made + torch.atanh(0.97 * kept[0]) if self.input_skip else made)
        return made if mask is None else mask * made + (1 - mask) * kept[0]
