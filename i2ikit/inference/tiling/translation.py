"""Translates an image in tiles that fit into memory."""

import logging
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import TypeVar

import torch
from torch import Tensor, nn

from i2ikit.files import describe_os_error
from i2ikit.inference.failures import TooLargeError
from i2ikit.inference.freed_memory import freed_memory_kept, return_memory
from i2ikit.inference.norm_statistics import Moments, Rule, RuledNorm, groups_of, ruled
from i2ikit.inference.tiling.blending import blended
from i2ikit.inference.tiling.grid import Span, spans
from i2ikit.inference.tiling.lockstep import in_lock_step
from i2ikit.inference.tiling.plan import Plan, plan_crops, plan_tiles
from i2ikit.inference.tiling.reach import measure_reach
from i2ikit.inference.tiling.sources import ImageSource
from i2ikit.inference.tiling.statistics import GivenMoments, JointMoments, Region
from i2ikit.ops.image_tensors import pad_to_multiple

EXACT = 2**25  # pixels up to which norms have the statistics of the whole image, and not of a sample
SAMPLED = 2**24  # pixels of a sample
COMPUTING = 4  # times the memory of a waiting tile, at least, is what it takes while it is computed
SMALL = 256  # pixels of a side of its tiles
SPREAD = (0.7548776662466927, 0.5698402909980532)  # Roberts 2018, the R2 sequence: any number of points is even
OnProgress = Callable[[int, int], None]
Tile = tuple[Span, Span]  # along the rows and along the columns of an image
T = TypeVar("T")

logger = logging.getLogger(__name__)


class TiledTranslation:
    """The translation of one image by a generator, tile by tile.

    The statistics of the generator's norms are those of the whole image: all tiles go through the network together and
    stop at every norm (:func:`in_lock_step`). Above 32 megapixels they are those of small tiles that are evenly spread
    over the image, together 16 megapixels. The halo of tiles is measured on two parts of the image
    (:func:`measure_reach`).

    Args:
        run: calls a network on images (B, C, H, W) of any size, and returns their translations.
        generator: in evaluation mode.
        memory: bytes that the translation may take.
        bytes_per_pixel: that the generator takes for its input.
        on_progress: called with the number of finished parts of the work, and of all.

    Raises:
        TooLargeError: not even a tile fits into memory, or the generator looks at the whole image by more than its
            norms.
    Source:
        Chen et al. 2021 (URST), arXiv:2103.11784: tiles share statistics, those of a thumbnail; Ho et al. 2022 (KIN,
        ECCV): they are smoothed among neighbors. differs: the statistics are exact up to 32 megapixels, and above
        from a sample at full resolution; those of a thumbnail are of other textures.
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
        if any(isinstance(layer, RuledNorm) for layer in generator.modules()):
            raise TooLargeError("norms that are smoothed over frames need whole frames: smooth=0 allows tiles")

    def bands(self, image: ImageSource) -> Iterator[Tensor]:
        """Yield the translation from top to bottom, in parts (C, H, width), float32."""
        with freed_memory_kept():  # returned at the pauses: the next tile needs as much again
            yield from self._bands(image)

    def _bands(self, image: ImageSource) -> Iterator[Tensor]:
        halo = self._reach(image)
        plan = plan_tiles(self._memory, self._bytes_per_pixel, image.width, halo, self._multiple)
        rows, columns = (spans(length, plan.tile, halo, self._multiple) for length in (image.height, image.width))
        tiles = [(row, column) for row in rows for column in columns]
        outputs = self._exact(image, tiles, plan) if self._norms and image.height * image.width <= EXACT else None
        if outputs is None:
            network = self._with_sampled_moments(image, plan, halo)
            outputs = self._counted((self._translate(image, tile, network) for tile in tiles), len(tiles))
        for band in blended(rows, columns, outputs, image.width):
            yield band
            return_memory()

    def _exact(self, image: ImageSource, tiles: Sequence[Tile], plan: Plan) -> Iterator[Tensor] | None:
        """Return the outputs of tiles with the statistics of all; None if the disk is full."""
        outputs = self._in_lock_step(image, tiles, plan, [])
        try:
            return chain([next(outputs)], outputs)
        except OSError as error:
            _warn_of_disk(error)
            return None

    def _with_sampled_moments(self, image: ImageSource, plan: Plan, halo: int) -> nn.Module:
        """Return the generator with the statistics of a sample of the image, a smaller one if the disk is full."""
        if not self._norms:
            return self._generator
        moments = self._sampled_moments(image, plan, halo, SAMPLED)
        if moments is None:
            fitting = int(plan.waiting / self._bytes_per_pixel * COMPUTING)
            moments = self._sampled_moments(image, plan, halo, fitting) or self._sampled_moments(image, plan, halo, 1)
        if not moments:
            raise TooLargeError("no tile fits into memory beside another one, and the disk is full")
        return ruled(self._generator, GivenMoments(moments))

    def _sampled_moments(self, image: ImageSource, plan: Plan, halo: int, pixels: int) -> list[Moments] | None:
        """Return the statistics of a sample of an image; None if the disk is full."""
        moments: list[Moments] = []
        try:
            for _ in self._sample_in_lock_step(image, plan, halo, pixels, moments):
                pass
        except OSError as error:
            _warn_of_disk(error)
            return None
        return moments

    def _in_lock_step(
        self, image: ImageSource, tiles: Sequence[Tile], plan: Plan, found: list[Moments]
    ) -> Iterator[Tensor]:
        """Yield the outputs of tiles with the statistics of all of them, which are appended to ``found``."""

        def translate(tile: Tile, rule: Rule) -> Tensor:
            return self._translate(image, tile, ruled(self._generator, rule))

        return self._together([(partial(translate, tile), _own_part(tile)) for tile in tiles], plan, found)

    def _together(
        self, work: Sequence[tuple[Callable[[Rule], Tensor], Region]], plan: Plan, found: list[Moments]
    ) -> Iterator[Tensor]:
        steps = self._counted(iter(range(len(work) * self._norms)), len(work) * self._norms)
        return in_lock_step(work, plan.waiting, found, on_step=lambda: next(steps, None))

    def _translate(self, image: ImageSource, tile: Tile, network: nn.Module) -> Tensor:
        """Return the output of a tile, (C, H, W), without what is beyond the end of the image."""
        return self._run(network, self._window(image, tile)[None])[0]

    def _window(self, image: ImageSource, tile: Tile) -> Tensor:
        row, column = tile
        height, width = min(row.stop, image.height) - row.start, min(column.stop, image.width) - column.start
        return image.window(row.start, column.start, height, width)

    def _sample_in_lock_step(
        self, image: ImageSource, plan: Plan, halo: int, pixels: int, found: list[Moments]
    ) -> Iterator[Tensor]:
        """Yield the outputs of small tiles that are evenly spread over an image, as many at a time as a tile holds.

        The statistics are those of their own parts; they are appended to ``found``.
        """
        side = max(SMALL // self._multiple * self._multiple, 4 * halo)
        rows, columns = (spans(length, side, halo, self._multiple) for length in (image.height, image.width))
        points = (tuple(n * step % 1 for step in SPREAD) for n in range(1, max(1, pixels // side**2) + 1))
        chosen = {(int(y * len(rows)), int(x * len(columns))) for y, x in points}
        alike: dict[Region, list[Tile]] = defaultdict(list)  # of one size: a tile that is cut off ends the image
        for y, x in sorted(chosen):
            tile = rows[y], columns[x]
            alike[_own_part(tile)].append(tile)

        def translate(tiles: Sequence[Tile], rule: Rule) -> Tensor:
            return self._run(ruled(self._generator, rule), torch.stack([self._window(image, tile) for tile in tiles]))

        most = max(1, plan.tile**2 // side**2)
        parts = [(tiles[n : n + most], own) for own, tiles in alike.items() for n in range(0, len(tiles), most)]
        return self._together([(partial(translate, tiles), own) for tiles, own in parts], plan, found)

    def _reach(self, image: ImageSource) -> int:
        """Return the halo that tiles of an image need, tried out on two of its parts."""
        count, side = plan_crops(self._memory, self._bytes_per_pixel, self._multiple)
        height, width = min(side, image.height), min(side, image.width)
        free, unit = (image.height - height, image.width - width), 2 * self._multiple
        crops = [
            image.window(part * free[0] // (count + 1), part * free[1] // (count + 1), height, width)
            for part in range(1, count + 1)
        ]
        padded = pad_to_multiple(torch.stack(crops), unit)
        joint = JointMoments()
        whole = self._run(ruled(self._generator, joint), padded)
        network = ruled(self._generator, GivenMoments(joint.found))
        return measure_reach(partial(self._run, network), padded, whole, self._multiple)

    def _counted(self, outputs: Iterator[T], total: int) -> Iterator[T]:
        """Yield what is given, and report the progress."""
        for done, output in enumerate(outputs, start=1):
            if self._on_progress is not None:
                self._on_progress(done, total)
            yield output


def _warn_of_disk(error: OSError) -> None:
    logger.warning(
        "%s: %s. The statistics of norms are taken from a part of the image. For those of all of it set TMPDIR to a "
        "folder on a larger disk.", tempfile.gettempdir(), describe_os_error(error),
    )  # fmt: skip


def _own_part(tile: Tile) -> Region:
    """Return which part of a tile belongs to it alone."""
    row, column = ((axis.core[0] - axis.start, axis.core[1] - axis.start, axis.stop - axis.start) for axis in tile)
    return row[0] / row[2], row[1] / row[2], column[0] / column[2], column[1] / column[2]
