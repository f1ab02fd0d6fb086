"""The encoder of SANTA: from an image of either domain to a latent map."""

from torch import nn

from i2ikit.checks import MOST_LAYERS, positive_int
from i2ikit.nn.initialize import initialize
from i2ikit.nn.resnet_stages import encoder_stages
from i2ikit.nn.staged import StagedGenerator
from i2ikit.registry import GENERATORS


@GENERATORS.register_module()
class LatentEncoder(StagedGenerator):
    """Two steps down and residual blocks: the first half of ``ResNetGenerator``.

    Taps, in order: ``pad``, ``stem``, ``down1_conv``, ``down1``, ``down2_conv``, ``down2``, ``block1`` ... ``blockN``,
    and ``out``, the latent, which is the output of the last block.

    Args:
        in_channels: channels of the images, at least 1.
        filters: width F of the stem; the latent has 4F channels. Published: 64.
        blocks: number N of residual blocks, at least 1. Published: 4.
        antialias, norm, init, init_gain: as in ``ResNetGenerator``.
    Shape:
        (B, in_channels, H, W) -> (B, 4F, H / 4, W / 4); H and W multiples of 4, at least 8.

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: an image of another shape.
    Source:
        Xie et al. 2023 (SANTA), "Unpaired Image-to-Image Translation with Shortest Path Regularization", CVPR.
    Example:
        >>> import torch
        >>> LatentEncoder(filters=4, blocks=1)(torch.zeros(1, 3, 32, 32)).shape
        torch.Size([1, 16, 8, 8])
    """

    def __init__(
        self,
        in_channels: int = 3,
        *,
        filters: int = 64,
        blocks: int = 4,
        antialias: bool = True,
        norm: str = "instance",
        init: str = "xavier",
        init_gain: float = 0.02,
    ) -> None:
        positive_int("in_channels", in_channels)
        positive_int("filters", filters)
        positive_int("blocks", blocks, most=MOST_LAYERS)
        stages = encoder_stages(in_channels, filters, blocks, norm=norm, antialias=antialias)
        super().__init__(in_channels, [*stages, ("out", nn.Identity(), 4 * filters)], multiple=4, smallest=8)
        initialize(self, init, init_gain)
