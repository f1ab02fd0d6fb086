"""How different two domains look, and which of several targets is nearest."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.dataset_tools.scan import existing_folder
from i2ikit.errors import DataError
from i2ikit.images import Reader, list_images
from i2ikit.metrics.functional.sliced_wasserstein import PatchSampling, patches_at
from i2ikit.ops.pixels import image_to_tensor, resize

SIZE = 128  # pixels, height and width at which domains are compared
PATCH = 7  # pixels
PER_IMAGE = 64  # patches, and single pixels
FEWEST = 4  # images of a domain
SCALES = 3  # of texture: the image, its half, its quarter
DIRECTIONS = 128  # of the sliced Wasserstein distance
VERDICTS = (  # up to this ratio to the spread within a domain
    (1.5, "the domains are hardly distinguishable"),
    (3.0, "an easy pair: the domains differ little more than images of one domain do"),
    (6.0, "a usual pair: the difference is clear, in colors or in texture"),
    (float("inf"), "a hard pair: the domains have little in common at the scale of patches"),
)


@dataclass(frozen=True)
class DomainSample:
    """A sample of the images of one folder.

    Attributes:
        name: the folder, as the user gave it.
        images: (N, 3, 128, 128), values in 0..1.
        pixels: (N * 64, 3), colors at random positions.
        patches: (N * 64, 147), 7 x 7 pixels at random positions.
    """

    name: str
    images: Tensor
    pixels: Tensor
    patches: Tensor

    @property
    def color(self) -> Tensor:
        """Mean of red, green and blue, (3,), 0..1."""
        return self.images.mean(dim=(0, 2, 3))

    @property
    def contrast(self) -> float:
        """Mean over the images of the standard deviation of their brightness, 0..1."""
        return self._gray().flatten(1).std(dim=1).mean().item()

    @property
    def saturation(self) -> float:
        """Mean of largest minus smallest channel, 0..1."""
        return (self.images.amax(dim=1) - self.images.amin(dim=1)).mean().item()

    @property
    def texture(self) -> tuple[float, ...]:
        """Mean difference in brightness of neighboring pixels, at full, half and quarter size, 0..1."""
        return tuple(_roughness(F.avg_pool2d(self._gray(), 2**scale)) for scale in range(SCALES))

    def spread(self) -> float:
        """Return the distance between the patches of the even and of the odd images."""
        patches = self.patches.unflatten(0, (len(self.images), -1))
        return _distance(patches[0::2].flatten(0, 1), patches[1::2].flatten(0, 1))

    def _gray(self) -> Tensor:
        return self.images.mean(dim=1, keepdim=True)  # (N, 1, H, W)


@dataclass(frozen=True)
class Comparison:
    """How different a target is from the source.

    Attributes:
        source, target: the folders.
        pixels: sliced Wasserstein distance of single colors, unit: values in 0..1.
        patches: the same for 7 x 7 patches.
        spread: the distance of patches between two halves of one domain, the larger of both: a baseline.
        color, contrast, saturation: target minus source; color is the length of the difference of the means.
        texture: target divided by source, at full, half and quarter size.
    """

    source: str
    target: str
    pixels: float
    patches: float
    spread: float
    color: float
    contrast: float
    saturation: float
    texture: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The distance of patches in units of the spread within a domain; 1 is no difference."""
        return self.patches / max(self.spread, 1e-9)

    @property
    def verdict(self) -> str:
        """How hard the pair is, judged by patches alone: by appearance, not by shape."""
        return next(words for limit, words in VERDICTS if self.ratio <= limit)

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {**vars(self), "ratio": self.ratio, "verdict": self.verdict}


def sample_domain(folder: str | Path, *, most: int = 200, seed: int = 0) -> DomainSample:
    """Return a sample of a folder's images; unreadable ones are skipped.

    Args:
        folder: images below it count too.
        most: images of the sample, >= 4.
        seed: of the sample and of the positions.

    Raises:
        DataError: fewer than four images can be read.
    """
    root = existing_folder(folder, "Name a folder with images, such as horse2zebra/trainA.")
    files = list_images(root)
    chosen = sorted(random.Random(seed).sample(range(len(files)), min(most, len(files))))
    images = _read_images([files[index] for index in chosen])
    if len(images) < FEWEST:
        raise DataError(f"{root} has {len(images)} readable images; at least {FEWEST} are needed to compare")
    generator = torch.Generator().manual_seed(seed)
    everywhere = torch.ones(SIZE, SIZE, dtype=torch.bool)

    def sample(size: int) -> Tensor:
        sampling = PatchSampling(size, DIRECTIONS, PER_IMAGE, seed)
        positions = [sampling.positions(everywhere, generator) for _ in images]
        return torch.cat([patches_at(image, found, size) for image, found in zip(images, positions, strict=True)])

    return DomainSample(str(folder), torch.stack(images), pixels=sample(1), patches=sample(PATCH))


def compare_domains(source: DomainSample, targets: Sequence[DomainSample]) -> list[Comparison]:
    """Compare a source with each target, and return the nearest first.

    Args:
        source: domain to translate from.
        targets: domains to translate to.
    """
    found = [
        Comparison(
            source=source.name,
            target=target.name,
            pixels=_distance(source.pixels, target.pixels),
            patches=_distance(source.patches, target.patches),
            spread=max(source.spread(), target.spread()),
            color=(target.color - source.color).norm().item(),
            contrast=target.contrast - source.contrast,
            saturation=target.saturation - source.saturation,
            texture=tuple(b / max(a, 1e-9) for a, b in zip(source.texture, target.texture, strict=True)),
        )
        for target in targets
    ]
    return sorted(found, key=lambda comparison: comparison.patches)


def _distance(one: Tensor, other: Tensor) -> float:
    sampling = PatchSampling(PATCH, DIRECTIONS, PER_IMAGE, seed=0)
    return sampling.distance(one, other, sampling.generator()).item()


def _read_images(paths: Sequence[str]) -> list[Tensor]:
    """Return the readable images as squares (3, 128, 128) with values in 0..1."""
    read, found = Reader(clip=True), []
    for path in paths:
        try:
            found.append(image_to_tensor(resize(read(path), (SIZE, SIZE))) / 2 + 0.5)
        except DataError:
            continue
    return found


def _roughness(gray: Tensor) -> float:
    """Return the mean difference of neighbors, horizontally and vertically."""
    return ((gray.diff(dim=3).abs().mean() + gray.diff(dim=2).abs().mean()) / 2).item()
