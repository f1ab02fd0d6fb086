"""From the outputs of tiles to the rows of an image."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from i2ikit.inference.tiling.grid import Span


def blended(rows: Sequence[Span], columns: Sequence[Span], outputs: Iterator[Tensor], width: int) -> Iterator[Tensor]:
    """Yield an image from top to bottom, as soon as rows are complete.

    Args:
        rows, columns: the tiles along both axes.
        outputs: (C, H, W) of each tile, row by row; less high or wide than the tile at the end of the image.
        width: of the image.

    Yields:
        (C, H, width), float32.
    """
    carried: Tensor | None = None  # the weighted last rows of the tiles above, where these tiles overlap them
    for index, row in enumerate(rows):
        band = _band(row, columns, outputs, width)
        if carried is not None:
            band[:, : carried.shape[1]] += carried
        complete = rows[index + 1].start - row.start if index + 1 < len(rows) else band.shape[1]
        carried = band[:, complete:].clone()
        yield band[:, :complete]


def _band(row: Span, columns: Sequence[Span], outputs: Iterator[Tensor], width: int) -> Tensor:
    """Return the weighted sum of one row of tiles."""
    band: Tensor | None = None
    weights = row.weights()[:, None]
    for column in columns:
        tile = next(outputs).float().cpu()
        height, stop = tile.shape[1], column.start + tile.shape[2]
        if band is None:
            band = torch.zeros(len(tile), height, width)
        band[:, :, column.start : stop] += tile * (weights[:height] * column.weights()[: tile.shape[2]])
    assert band is not None, "there is at least one column"
    return band
