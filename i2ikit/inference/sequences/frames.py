"""Translates consecutive frames, and measures their flicker."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from i2ikit.checks import fraction
from i2ikit.images import DecodedImage, Reader
from i2ikit.inference.failures import translation_errors
from i2ikit.inference.network import TranslationNetwork
from i2ikit.inference.norm_statistics import ruled
from i2ikit.inference.outputs import output_image
from i2ikit.inference.sequences.flicker import Flicker, FlickerResult
from i2ikit.inference.sequences.motion import USE, Match, MotionEstimator
from i2ikit.inference.sequences.smoothing import SmoothedMoments
from i2ikit.opencv import opencv
from i2ikit.ops.pixels import image_to_tensor, size_of


class FrameTranslator:
    """Translates the frames of one video, in their order.

    Args:
        network: translates batches.
        source, target: how images of the source and the target domain are read and written.
        smooth: 0..1. Above 0, norms use statistics averaged over the frames so far, and each output is blended with the
            one before, moved along the motion of the input; both with this weight of the past. 0: each frame is
            translated by itself.
        training_size: pixels of the shorter side of the images of the training, for messages; None: unknown.
    """

    def __init__(
        self,
        network: TranslationNetwork,
        source: Reader,
        target: Reader,
        *,
        smooth: float = 0,
        training_size: int | None = None,
    ) -> None:
        self.source, self.target, self.smooth = source, target, fraction("smooth", smooth)
        self._given, self._training_size = network, training_size
        self._rule, self._flicker = SmoothedMoments(smooth), Flicker()
        self._before: NDArray[np.float32] | None = None  # the last output, (H, W, C) in -1..1

    def __call__(self, images: Sequence[DecodedImage], path: Path) -> list[DecodedImage]:
        """Translate the next frames.

        Args:
            images: of one size.
            path: of their file, for messages.

        Raises:
            DataError: they do not fit into memory, or the generator fails on them.
        """
        with translation_errors(path, *size_of(images[0].pixels), self._training_size):
            return self._translated(images)

    def _translated(self, images: Sequence[DecodedImage]) -> list[DecodedImage]:
        matches = [self._motion.match(levels(image)) for image in images]
        outputs: list[DecodedImage] = []
        for first, end in scenes(matches):
            if matches[first] is None:
                self._rule.forget()
            batch = torch.stack([image_to_tensor(image.pixels) for image in images[first:end]])
            for output, image, match in zip(self._network(batch), images[first:end], matches[first:end], strict=True):
                blended = output if self.smooth == 0 else self._blended(output, match)
                outputs.append(output_image(blended, image, self.source, self.target))
                self._flicker.update(match, levels(outputs[-1]))
        return outputs

    @cached_property
    def _network(self) -> TranslationNetwork:
        network = self._given
        return network if self.smooth == 0 else network.with_generator(ruled(network.generator, self._rule))

    @cached_property
    def _motion(self) -> MotionEstimator:
        return MotionEstimator()

    def flicker(self) -> FlickerResult | None:
        """Return the flicker of the frames so far; None if no two of them could be compared."""
        return self._flicker.result()

    def _blended(self, output: torch.Tensor, match: Match | None) -> torch.Tensor:
        """Return an output (C, H, W) blended with the one before where the input matches."""
        now = output.permute(1, 2, 0).float().cpu().numpy()
        if match is not None and self._before is not None:
            height, width = now.shape[:2]
            weight = (
                opencv(USE).resize(match.valid.astype(np.float32), (width, height)).reshape(height, width, 1)
                * self.smooth
            )
            now = now + weight * (match.moved(self._before) - now)
        self._before = now
        return torch.from_numpy(now).permute(2, 0, 1)


def levels(image: DecodedImage) -> NDArray[np.uint8]:
    """Return the pixels of an image as 8-bit levels, (H, W) or (H, W, 3); of more channels the first three."""
    values = np.asarray(image.pixels)
    if values.ndim == 3:
        values = values[:, :, :3] if values.shape[2] >= 3 else values[:, :, 0]
    return values if values.dtype == np.uint8 else (values * 255).round().astype(np.uint8)


def scenes(matches: Sequence[Match | None]) -> Iterator[tuple[int, int]]:
    """Yield first index and end of each run of frames that follow each other; None begins a run."""
    starts = [index for index, match in enumerate(matches) if match is None or index == 0]
    yield from zip(starts, [*starts[1:], len(matches)], strict=True)
