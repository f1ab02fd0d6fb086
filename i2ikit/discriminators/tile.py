"""A PatchGAN that sees an image as separate tiles."""

from collections.abc import Iterable

from torch import Tensor

from i2ikit.checks import check_images, positive_int
from i2ikit.discriminators.patchgan import PatchGAN
from i2ikit.nn.initialize import initialize
from i2ikit.registry import DISCRIMINATORS


@DISCRIMINATORS.register_module()
class TileDiscriminator(PatchGAN):
    """Cut the image into tiles that do not overlap, and score each as a separate image.

    A score depends on its tile alone, and the norms normalize one tile at a time.

    Args:
        in_channels: channels of the images, at least 1.
        filters: width of the first layer. Published: 64.
        tile: side of a tile in pixels, at least 3 * 2**layers. Published: 16.
        layers: number of layers that halve the size, at least 1. Published: 2.
        antialias: convolve with stride 1 and then blur and subsample; else convolve with stride 2.
        norm: ``instance``, ``instance_affine``, ``batch`` or ``none``.
        init, init_gain: see :func:`i2ikit.nn.initialize.initialize`.
    Shape:
        (B, in_channels, H, W) -> (B, 1, h, w), H and W multiples of ``tile``; 2 x 2 scores per tile of 16 pixels, at
        the position of the tile.

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: an image of another shape.
    Source:
        Hu et al. 2022 (QS-Attn), arXiv:2203.08483, option ``patch`` of the published code, which leaves the tiles on
        the batch axis; the mean over all scores is the same.
    Example:
        >>> TileDiscriminator(filters=4, tile=16)(torch.zeros(1, 3, 32, 32)).shape
        torch.Size([1, 1, 4, 4])
    """

    def __init__(
        self,
        in_channels: int = 3,
        *,
        filters: int = 64,
        tile: int = 16,
        layers: int = 2,
        antialias: bool = True,
        norm: str = "instance",
        init: str = "xavier",
        init_gain: float = 0.02,
    ) -> None:
        super().__init__(in_channels, filters=filters, layers=layers, antialias=antialias, norm=norm)
        self.tile = self.multiple = positive_int("tile", tile)
        if tile < self.smallest:
            raise ValueError(f"tile must be at least {self.smallest} pixels for {layers} layers, not {tile}")
        initialize(self, init, init_gain)

    def trace(self, x: Tensor, taps: Iterable[str], *extra: Tensor) -> dict[str, Tensor]:
        """Return the requested taps of all tiles, each at the position of its tile."""
        side = self.tile
        check_images(type(self).__name__, x, self.in_channels, multiple=side)
        images, rows, columns = len(x), x.shape[2] // side, x.shape[3] // side
        tiles = x.unflatten(3, (columns, side)).unflatten(2, (rows, side))  # (B, C, rows, side, columns, side)
        tiles = tiles.permute(0, 2, 4, 1, 3, 5).flatten(0, 2)  # (B * rows * columns, C, side, side)
        found = super().trace(tiles, taps)
        return {tap: _joined(value.unflatten(0, (images, rows, columns))) for tap, value in found.items()}


def _joined(tiles: Tensor) -> Tensor:
    """Return maps of tiles (B, rows, columns, C, h, w) as maps (B, C, rows * h, columns * w)."""
    return tiles.permute(0, 3, 1, 4, 2, 5).flatten(4, 5).flatten(2, 3)
