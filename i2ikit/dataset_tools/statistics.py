"""What the images of a domain look like as numbers: colors, contrast, texture, patches."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.errors import DataError, nearest_hint
from i2ikit.images import Reader, list_images
from i2ikit.metrics.functional.sliced_wasserstein import patches_at, sample_positions
from i2ikit.ops.pixels import image_to_tensor, resize

SIZE = 128  # pixels, height and width at which domains are compared
PATCH = 7  # pixels
PER_PICTURE = 64  # patches, and pixels
FEWEST = 4  # images of a domain
SCALES = 3  # of texture: the image, its half, its quarter


@dataclass(frozen=True)
class Domain:
    """A sample of the images of one folder.

    Attributes:
        name: as the user calls it.
        count: images in the folder.
        images: (N, 3, 128, 128), values in 0..1.
        pixels: (N * 64, 3), colors at random places.
        patches: (N * 64, 147), 7 x 7 pixels at random places.
        color: (3,), mean of red, green and blue, 0..1.
        contrast: mean over the images of the deviation of their brightness, 0..1.
        saturation: mean of largest minus smallest channel, 0..1.
        texture: mean difference of neighboring pixels' brightness, at full, half and quarter size, 0..1.
    """

    name: str
    count: int
    images: Tensor
    pixels: Tensor
    patches: Tensor
    color: tuple[float, ...]
    contrast: float
    saturation: float
    texture: tuple[float, ...]

    def half(self, which: int) -> tuple[Tensor, Tensor]:
        """Return pixels and patches of every other image, from image 0 or 1 on."""
        chosen = torch.arange(which, len(self.images), 2)
        return tuple(
            points.unflatten(0, (len(self.images), -1))[chosen].flatten(0, 1) for points in (self.pixels, self.patches)
        )


def read_domain(folder: str | Path, *, most: int = 200, seed: int = 0) -> Domain:
    """Return what a sample of a folder's images looks like; those that cannot be read are left out.

    Args:
        folder: it is read with the folders below it.
        most: images of the sample, >= 4.
        seed: of sample and places.

    Raises:
        DataError: there are fewer than four images that can be read.
    """
    place = Path(folder).expanduser()
    if not place.is_dir():
        kind = "is a file." if place.exists() else f"does not exist.{nearest_hint(place.name, _beside(place))}"
        raise DataError(f"{place} {kind} Give a folder with images, such as horse2zebra/trainA.")
    files = list_images(place)
    chosen = sorted(random.Random(seed).sample(range(len(files)), min(most, len(files))))
    images = _images([files[place] for place in chosen])
    if len(images) < FEWEST:
        raise DataError(f"{place} has {len(images)} images that can be read; at least {FEWEST} are needed to compare")
    stack = torch.stack(images)  # (N, 3, H, W)
    draws = torch.Generator().manual_seed(seed)
    anywhere = torch.ones(SIZE, SIZE, dtype=torch.bool)
    spots = [sample_positions(anywhere, 1, PER_PICTURE, draws) for _ in images]
    corners = [sample_positions(anywhere, PATCH, PER_PICTURE, draws) for _ in images]
    gray = stack.mean(dim=1, keepdim=True)  # (N, 1, H, W)
    return Domain(
        name=str(folder),
        count=len(files),
        images=stack,
        pixels=torch.cat([patches_at(image, spot, 1) for image, spot in zip(images, spots, strict=True)]),
        patches=torch.cat([patches_at(image, corner, PATCH) for image, corner in zip(images, corners, strict=True)]),
        color=tuple(stack.mean(dim=(0, 2, 3)).tolist()),
        contrast=gray.flatten(1).std(dim=1).mean().item(),
        saturation=(stack.amax(dim=1) - stack.amin(dim=1)).mean().item(),
        texture=tuple(_roughness(F.avg_pool2d(gray, 2**scale)) for scale in range(SCALES)),
    )


def _images(paths: Sequence[str]) -> list[Tensor]:
    """Return the images that can be read as squares (3, 128, 128) with values in 0..1."""
    read, found = Reader(clip=True), []
    for path in paths:
        try:
            found.append(image_to_tensor(resize(read(path), (SIZE, SIZE))) / 2 + 0.5)
        except DataError:
            continue
    return found


def _roughness(gray: Tensor) -> float:
    """Return the mean difference of neighbors, sideways and downwards."""
    return ((gray.diff(dim=3).abs().mean() + gray.diff(dim=2).abs().mean()) / 2).item()


def _beside(place: Path) -> list[str]:
    return [entry.name for entry in place.parent.iterdir() if entry.is_dir()] if place.parent.is_dir() else []
