"""How large tiles may be."""

import math
from dataclasses import dataclass

from i2ikit.inference.failures import GB, TooLargeError

LARGEST = 1024  # pixels of a side; larger tiles save little
TENSORS = 2 / 3  # of the memory; the rest is freed memory between them, which the C library cannot return
SHARE = 0.5  # of the memory for tensors, for the tile that is computed
FLOAT = 4  # bytes
COLORS = 16  # values of a pixel that are held of a row of tiles: input, sums, what is carried to the next row
CROP, CROPS = 256, 2  # pixels of a side, and their number


@dataclass(frozen=True)
class Plan:
    """The use of memory by a translation in tiles.

    Attributes:
        tile: side in pixels, a multiple of what the generator takes.
        waiting: bytes for tiles that wait for the statistics of the others.
    """

    tile: int
    waiting: float


def plan_tiles(memory: float, bytes_per_pixel: float, width: int, halo: int, multiple: int) -> Plan:
    """Return the largest tiles that fit into memory.

    Args:
        memory: bytes.
        bytes_per_pixel: of the generator, for its input.
        width: of the image, in pixels.
        halo, multiple: see :func:`i2ikit.inference.tiling.grid.spans`.

    Raises:
        TooLargeError: none fits.
    """
    row = COLORS * FLOAT * width  # bytes of one row of pixels
    available = SHARE * TENSORS * memory
    # the larger root of bytes_per_pixel * side^2 + row * side = available
    side = (math.sqrt(row**2 + 4 * bytes_per_pixel * available) - row) / (2 * bytes_per_pixel)
    smallest = -(-(2 * halo + max(halo, multiple)) // multiple) * multiple
    tile = max(min(int(side), LARGEST) // multiple * multiple, smallest)
    needed = bytes_per_pixel * tile**2 + row * tile
    _refuse_above(memory, needed, tile)
    return Plan(tile, max(TENSORS * memory - needed, 0))


def plan_crops(memory: float, bytes_per_pixel: float, multiple: int) -> tuple[int, int]:
    """Return number and side of the crops on which a generator is tried out; the side is a multiple of 4 multiples.

    Raises:
        TooLargeError: not even one fits.
    """
    unit = 4 * multiple
    side = max(CROP // unit, 1) * unit
    needed = side**2 * bytes_per_pixel
    _refuse_above(memory, needed, side)
    return (CROPS if CROPS * needed <= memory else 1), side


def _refuse_above(memory: float, needed: float, side: int) -> None:
    if needed > memory:
        raise TooLargeError(
            f"a tile of {side} x {side} pixels needs about {_shown(needed)}, and {_shown(memory)} may be used; "
            "--memory sets it"
        )


def _shown(size: float) -> str:
    return f"{size / GB:.1f} GB" if size >= GB else f"{size * 1024 / GB:.3g} MB"
