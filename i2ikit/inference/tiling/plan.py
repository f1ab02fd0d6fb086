"""How large tiles may be."""

import math
from dataclasses import dataclass

GB = 2**30
LARGEST = 1024  # pixels of a side; larger tiles save little
SHARE = 0.5  # of the memory, for the tile that is computed
FLOAT = 4  # bytes
COLORS = 16  # values of a pixel that are held of a row of tiles: input, sums, what is carried to the next row
LARGEST_CROP = 512


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
        MemoryError: none fits.
    """
    row = COLORS * FLOAT * width  # bytes of one row of pixels
    available = SHARE * memory
    # the larger root of bytes_per_pixel * side^2 + row * side = available
    side = (math.sqrt(row**2 + 4 * bytes_per_pixel * available) - row) / (2 * bytes_per_pixel)
    smallest = 2 * halo + max(halo, multiple)
    smallest = -(-smallest // multiple) * multiple
    tile = max(min(int(side), max(LARGEST, 2 * smallest)) // multiple * multiple, smallest)
    needed = bytes_per_pixel * tile**2 + row * tile
    if needed > memory:
        raise MemoryError(
            f"a tile of {tile} x {tile} pixels needs about {needed / GB:.1f} GB, and {memory / GB:.1f} GB may be used"
        )
    return Plan(tile, memory - needed)


def crop_side(memory: float, bytes_per_pixel: float, multiple: int) -> int:
    """Return the side of a crop on which a generator is tried out: a multiple of four times ``multiple``."""
    unit = 4 * multiple
    side = math.sqrt(SHARE * memory / bytes_per_pixel)
    return max(1, min(int(side), max(LARGEST_CROP, unit)) // unit) * unit
