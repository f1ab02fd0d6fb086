"""How far an exported file is from its generator."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from i2ikit.errors import CheckpointError
from i2ikit.inference.export.graphs import Run
from i2ikit.inference.export.module import ExportedGenerator, to_bytes, trial_input
from i2ikit.inference.network import TranslationNetwork

SIZES = ((1, 1, 33), (2, 5, 9), (1, 64, 64), (3, 70, 41))  # batch, height and width
SMALLEST = (1, 1, 1)


@dataclass(frozen=True)
class Difference:
    """Differences of the outputs of a file and of its generator, in a unit of its output.

    Attributes:
        largest, mean: of the absolute differences of all values.
        sizes: of the images, as text.
        unit: ``"levels of 255"``, or ``"in -1..1"``.
    """

    largest: float
    mean: float
    sizes: tuple[str, ...]
    unit: str

    @property
    def psnr(self) -> float:
        """Peak signal-to-noise ratio in decibels of outputs that differ by the mean everywhere; a lower bound."""
        peak = 255 if self.unit.startswith("levels") else 2
        return 20 * math.log10(peak / self.mean) if self.mean else math.inf


def trial_images(module: ExportedGenerator, channels: int) -> Iterator[Tensor]:
    """Yield batches of random images of several sizes, as a module takes them."""
    return (trial_input(module, channels, *size) for size in SIZES)


def compare(run: Run, network: TranslationNetwork, images: Iterable[Tensor], *, uint8: bool) -> Difference:
    """Return the difference of what a file and what its generator makes of images.

    Args:
        run: computes the file.
        network: the generator, on the CPU in float32.
        images: batches, as the file takes them.
        uint8: whether these are bytes (B, H, W, C).

    Raises:
        CheckpointError: an output of the file has another shape or type, or is not finite.
    """
    largest, total, count, sizes = 0.0, 0.0, 0, []
    for batch in images:
        x = batch.permute(0, 3, 1, 2) / 127.5 - 1 if uint8 else batch
        expected = network(x)
        expected = to_bytes(expected) if uint8 else expected
        found = run(batch)
        _check(found, expected, batch)
        distance = (found.double() - expected.double()).abs()
        largest, total = max(largest, distance.max().item()), total + distance.sum().item()
        count += distance.numel()
        sizes.append(f"{len(batch)} x {x.shape[-2]} x {x.shape[-1]}")
    return Difference(largest, total / count, tuple(dict.fromkeys(sizes)), "levels of 255" if uint8 else "in -1..1")


def check_smallest(run: Run, module: ExportedGenerator, channels: int) -> None:
    """Raise CheckpointError unless a file translates an image of one pixel.

    Its values are not compared: to an instance norm such an image is constant, and what is left after it subtracts the
    mean is rounding, in the generator as in the file.
    """
    pixel = trial_input(module, channels, *SMALLEST)
    with torch.no_grad():
        _check(run(pixel), module(pixel), pixel)


def _check(found: Tensor, expected: Tensor, image: Tensor) -> None:
    if found.shape != expected.shape or found.dtype != expected.dtype:
        raise CheckpointError(
            f"the exported file makes {found.dtype} {tuple(found.shape)} of an image {tuple(image.shape)}, instead of "
            f"{expected.dtype} {tuple(expected.shape)}"
        )
    if not found.isfinite().all():
        raise CheckpointError(f"the exported file makes values that are not finite of an image {tuple(image.shape)}")
