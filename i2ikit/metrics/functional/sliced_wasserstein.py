"""The sliced Wasserstein distance of two sets of image patches, and the patches."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.errors import ShapeError


@dataclass(frozen=True)
class PatchSampling:
    """How patches are sampled from images, and how many directions they are projected on.

    Args:
        patch: height and width of a patch in pixels, odd, >= 1.
        directions: number of random directions, >= 1.
        per_image: patches per image, >= 1.
        seed: of the random positions and directions.

    Raises:
        ValueError: a value is out of range.
    """

    patch: int
    directions: int
    per_image: int
    seed: int

    def __post_init__(self) -> None:
        for name in ("patch", "directions", "per_image"):
            positive_int(name, getattr(self, name))
        if self.patch % 2 == 0:
            raise ValueError(f"patch must be odd, so that it has a center, not {self.patch!r}")

    def generator(self) -> torch.Generator:
        """Return a new generator with the seed."""
        return torch.Generator().manual_seed(self.seed)

    def positions(self, inside: Tensor, generator: torch.Generator) -> Tensor:
        """Sample positions of patches that fit into an image, without repetition; all of them if there are fewer.

        Args:
            inside: (H, W) bool, where the center of a patch may be; H and W at least ``patch``.
            generator: CPU generator.

        Shape:
            returns: (N, 2) int64, row and column of each patch's top left corner.

        Raises:
            ShapeError: the image is smaller than a patch.
        """
        patch, (height, width) = self.patch, inside.shape
        if min(height, width) < patch:
            raise ShapeError(f"patches of {patch}x{patch} do not fit into an image of {height}x{width}")
        half = patch // 2
        positions = inside[half : height - patch + half + 1, half : width - patch + half + 1].nonzero()
        return positions[torch.randperm(len(positions), generator=generator)[: self.per_image]]

    def distance(self, x: Tensor, y: Tensor, generator: torch.Generator) -> Tensor:
        """Return the sliced Wasserstein distance of patches (N, D) and (M, D), on random directions."""
        directions = torch.randn(self.directions, y.shape[1], generator=generator)
        return sliced_wasserstein(x, y, directions / directions.norm(dim=1, keepdim=True))


def patches_at(image: Tensor, positions: Tensor, patch: int) -> Tensor:
    """Cut patches out of an image.

    Args:
        image: (C, H, W).
        positions: (N, 2) rows and columns of the top left corners.
        patch: height and width of a patch in pixels.

    Shape:
        returns: (N, C * patch * patch).
    """
    width = image.shape[2]
    step = torch.arange(patch)
    offsets = (step[:, None] * width + step).flatten()  # (patch * patch,) from a corner, in the flat image
    corners = positions[:, 0] * width + positions[:, 1]
    return image.flatten(1)[:, corners[:, None] + offsets].transpose(0, 1).flatten(1)


def _sorted_columns(points: Tensor) -> Tensor:
    """Sort each column of (N, K); numpy needs a tenth of torch's time, as it returns no indices."""
    rows = points.detach().cpu().T.contiguous().numpy()
    return torch.from_numpy(np.sort(rows, axis=1)).T


def wasserstein_1d(x: Tensor, y: Tensor) -> Tensor:
    """Return the exact Wasserstein-1 distance of each column of two sets of values, which may differ in size.

    It is the area between the two quantile functions, which are steps of width 1 / N and 1 / M. Computed on the CPU; no
    gradient flows.

    Shape:
        x: (N, K); y: (M, K), N and M >= 1.
        returns: (K,), >= 0, in the unit of x.

    Raises:
        ShapeError: a set is empty, or the column counts differ.
    """
    if not len(x) or not len(y) or x.shape[1:] != y.shape[1:]:
        raise ShapeError(f"two sets (N, K) and (M, K) are needed, N and M above 0, not {(*x.shape,)} and {(*y.shape,)}")
    x, y = _sorted_columns(x), _sorted_columns(y)
    if len(x) == len(y):
        return (x - y).abs().mean(dim=0)
    n, m = len(x), len(y)
    steps = torch.cat([torch.arange(n + 1) * m, torch.arange(m + 1) * n]).unique()  # where either steps, times n * m
    widths = steps.diff().to(x) / (n * m)
    starts = steps[:-1]
    return (widths[:, None] * (x[starts // m] - y[starts // n]).abs()).sum(dim=0)


def sliced_wasserstein(x: Tensor, y: Tensor, directions: Tensor) -> Tensor:
    """Return the mean over directions of the Wasserstein-1 distance between two projected sets of points.

    Computed on the CPU; no gradient flows.

    Shape:
        x: (N, D); y: (M, D); directions: (K, D), rows of length 1.
        returns: scalar >= 0, in the unit of x.

    Raises:
        ShapeError: a set is empty, or the widths differ.
    Source:
        Rabin et al. 2011, "Wasserstein Barycenter and its Application to Texture Mixing"; on image patches as in
        Karras et al. 2018, arXiv:1710.10196, there with descriptors of a pyramid.
    """
    if x.shape[-1] != directions.shape[-1] or y.shape[-1] != directions.shape[-1]:
        raise ShapeError(
            f"points and directions need equal widths, not {x.shape[-1]}, {y.shape[-1]} and {directions.shape[-1]}"
        )
    return wasserstein_1d(x @ directions.T, y @ directions.T).mean()
