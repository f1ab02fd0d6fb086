"""Translates an image in tiles that fit into memory."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

from i2ikit.inference.norm_statistics import Moments, Rule, groups_of, ruled
from i2ikit.inference.tiling.blending import blended
from i2ikit.inference.tiling.grid import Span, spans
from i2ikit.inference.tiling.lockstep import in_lock_step
from i2ikit.inference.tiling.plan import Plan, crop_side, plan_tiles
from i2ikit.inference.tiling.reach import measure_reach
from i2ikit.inference.tiling.statistics import GivenMoments, JointMoments, Region
from i2ikit.ops.image_tensors import pad_to_multiple

EXACT = 2**24  # pixels up to which norms have the statistics of the whole image, and not of a sample
SAMPLED = 2**23  # pixels of a sample
OnProgress = Callable[[int, int], None]
Tile = tuple[Span, Span]  # along the rows and along the columns of an image
T = TypeVar("T")


class ImageSource(Protocol):
    """An image of which parts are read."""

    @property
    def height(self) -> int:
        """Pixels."""
        ...

    @property
    def width(self) -> int:
        """Pixels."""
        ...

    def window(self, top: int, left: int, height: int, width: int) -> Tensor:
        """Return a part, (C, height, width) in -1..1, float32, that may be changed."""
        ...


class TiledTranslation:
    """The translation of one image by a generator, tile by tile.

    The statistics of the generator's norms are those of the whole image: all tiles go through the network together and
    stop at every norm (:func:`in_lock_step`). Above 16 megapixels they are those of tiles evenly spread over the image,
    together 8 megapixels.

    Args:
        run: calls a network on images (B, C, H, W) of any size, and returns their translations.
        generator: in evaluation mode.
        memory: bytes that the translation may take.
        bytes_per_pixel: that the generator takes for its input.
        on_progress: called with the number of finished parts of the work, and of all.

    Raises:
        ShapeError: the generator looks at the whole image by more than its norms.
        MemoryError: not even a tile fits into memory.
    Source:
        Chen et al. 2021 (URST), arXiv:2103.11784: tiles share statistics, those of a thumbnail; Ho et al. 2022 (KIN,
        ECCV): they are smoothed among neighbors. differs: the statistics are exact up to 16 megapixels, and above from a
        sample at full resolution; those of a thumbnail are of other textures.
    """

    def __init__(
        self,
        run: Callable[[nn.Module, Tensor], Tensor],
        generator: nn.Module,
        memory: float,
        bytes_per_pixel: float,
        *,
        on_progress: OnProgress | None = None,
    ) -> None:
        self._run, self._generator = run, generator
        self._memory, self._bytes_per_pixel, self._on_progress = memory, bytes_per_pixel, on_progress
        self._multiple = int(getattr(generator, "multiple", 1))
        self._norms = sum(groups_of(layer, 1) > 0 for layer in generator.modules())

    def bands(self, image: ImageSource) -> Iterator[Tensor]:
        """Yield the translation from top to bottom, in parts (C, H, width), float32."""
        halo = self._reach(image)
        plan = plan_tiles(self._memory, self._bytes_per_pixel, image.width, halo, self._multiple)
        rows, columns = (spans(length, plan.tile, halo, self._multiple) for length in (image.height, image.width))
        outputs = self._outputs(image, [(row, column) for row in rows for column in columns], plan)
        yield from blended(rows, columns, outputs, image.width)

    def _outputs(self, image: ImageSource, tiles: Sequence[Tile], plan: Plan) -> Iterator[Tensor]:
        """Yield the outputs of all tiles, in order."""
        if not self._norms:
            return self._counted((self._translate(image, tile, self._generator) for tile in tiles), len(tiles))
        if image.height * image.width <= EXACT:
            return self._in_lock_step(image, tiles, plan, [])
        moments: list[Moments] = []
        for _ in self._in_lock_step(image, self._sample(tiles, plan), plan, moments):
            pass
        network = ruled(self._generator, GivenMoments(moments))
        return self._counted((self._translate(image, tile, network) for tile in tiles), len(tiles))

    def _in_lock_step(
        self, image: ImageSource, tiles: Sequence[Tile], plan: Plan, found: list[Moments]
    ) -> Iterator[Tensor]:
        """Yield the outputs of tiles with the statistics of all of them, which are appended to ``found``."""

        def translate(tile: Tile, rule: Rule) -> Tensor:
            return self._translate(image, tile, ruled(self._generator, rule))

        work = [(partial(translate, tile), _own_part(tile)) for tile in tiles]
        steps = self._counted(iter(range(len(tiles) * self._norms)), len(tiles) * self._norms)
        return in_lock_step(work, plan.waiting, found, on_step=lambda: next(steps, None))

    def _translate(self, image: ImageSource, tile: Tile, network: nn.Module) -> Tensor:
        """Return the output of a tile, (C, H, W), without what is beyond the end of the image."""
        row, column = tile
        height, width = min(row.stop, image.height) - row.start, min(column.stop, image.width) - column.start
        return self._run(network, image.window(row.start, column.start, height, width)[None])[0]

    def _sample(self, tiles: Sequence[Tile], plan: Plan) -> Sequence[Tile]:
        """Return tiles that are evenly spread over the image: every n-th one in the order of rows, n odd."""
        every = max(1, len(tiles) * plan.tile**2 // SAMPLED) | 1
        return tiles[every // 2 :: every]

    def _reach(self, image: ImageSource) -> int:
        """Return the halo that tiles of an image need, tried out on two of its parts."""
        side = crop_side(self._memory / 2, self._bytes_per_pixel, self._multiple)
        unit = 2 * self._multiple
        height, width = (max(unit, min(side, length) // unit * unit) for length in (image.height, image.width))
        free = max(0, image.height - height), max(0, image.width - width)
        crops = [
            image.window(part * free[0] // 3, part * free[1] // 3, min(height, image.height), min(width, image.width))
            for part in (1, 2)
        ]
        padded = pad_to_multiple(torch.stack(crops), unit)
        joint = JointMoments()
        self._run(ruled(self._generator, joint), padded)
        network = ruled(self._generator, GivenMoments(joint.found))
        return measure_reach(partial(self._run, network), padded, self._multiple)

    def _counted(self, outputs: Iterator[T], total: int) -> Iterator[T]:
        """Yield what is given, and report the progress."""
        for done, output in enumerate(outputs, start=1):
            yield output
            if self._on_progress is not None:
                self._on_progress(done, total)


def _own_part(tile: Tile) -> Region:
    """Return which part of a tile belongs to it alone."""
    row, column = ((axis.core[0] - axis.start, axis.core[1] - axis.start, axis.stop - axis.start) for axis in tile)
    return row[0] / row[2], row[1] / row[2], column[0] / column[2], column[1] / column[2]
