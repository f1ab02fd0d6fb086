"""Structure of an image that does not depend on its colors and textures: edges and self-similarity."""

import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.checks import same_shape
from i2ikit.errors import ShapeError
from i2ikit.metrics.functional.image_quality import gray

PATCH = 5  # pixels, width of a patch of the self-similarity
REACH = (2, 4, 6)  # pixels, distances between patches, along both axes and both diagonals


def correlation(x: Tensor, y: Tensor) -> Tensor:
    """Return Pearson's correlation of each row of two tensors (B, N), in -1..1; NaN where a row is constant."""
    x, y = x.double(), y.double()
    x, y = x - x.mean(dim=1, keepdim=True), y - y.mean(dim=1, keepdim=True)
    return (x * y).sum(dim=1) / (x.square().sum(dim=1) * y.square().sum(dim=1)).sqrt()


def edge_correlation(image: Tensor, target: Tensor) -> Tensor:
    """Return the correlation of the Sobel magnitudes of two images: do they have edges at the same positions?

    Shape:
        image, target: (B, C, H, W) in 0..1, H and W >= 3; channels may differ.
        returns: (B,) in -1..1; NaN where an image has no edges.

    Raises:
        ShapeError: the sizes differ, or are too small.
    """
    return correlation(*map(_edges, _brightness(image, target, 3)))


def _edges(luma: Tensor) -> Tensor:
    """Return the magnitudes (B, N) of Sobel's gradient inside the image."""
    across = luma.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    kernels = torch.stack([across, across.T])[:, None]
    return F.conv2d(luma, kernels).square().sum(dim=1).sqrt().flatten(1)


def self_similarity_correlation(image: Tensor, target: Tensor) -> Tensor:
    """Return the correlation of the local self-similarities of two images: do the same parts look alike in both?

    The self-similarity of two neighboring positions is exp(-d / m), d the mean squared difference of the 5 x 5
    patches around them, m the mean of d over the image. It does not change when an image is inverted, brightened or
    given more contrast.

    Shape:
        image, target: (B, C, H, W) in 0..1, H and W >= 11; channels may differ.
        returns: (B,) in -1..1; NaN where an image is constant.

    Raises:
        ShapeError: the sizes differ, or are too small.
    Source:
        Shechtman and Irani 2007, "Matching Local Self-Similarities across Images and Videos"; as a measure of preserved
        content in translation Zheng et al. 2021 (F-LSeSim), arXiv:2104.00854, there of deep features.
    """
    return correlation(*map(_self_similarity, _brightness(image, target, PATCH + max(REACH))))


def _self_similarity(luma: Tensor) -> Tensor:
    """Return the similarities (B, N) of all positions with their neighbors."""
    height, width = luma.shape[-2:]
    found = []
    for reach in REACH:
        for down, right in ((0, reach), (reach, 0), (reach, reach), (reach, -reach)):
            left = max(0, -right)
            here = luma[..., : height - down, left : width - max(0, right)]
            there = luma[..., down:, left + right : width - max(0, right) + right]
            found.append(F.avg_pool2d((here - there).square(), PATCH, stride=1).flatten(1))
    distance = torch.cat(found, dim=1)
    return torch.exp(-distance / distance.mean(dim=1, keepdim=True))


def _brightness(image: Tensor, target: Tensor, smallest: int) -> list[Tensor]:
    """Return the luma (B, 1, H, W) of both images if they are gray or RGB, else their mean over channels."""
    if image.ndim != 4 or target.ndim != 4 or min(image.shape[-2:]) < smallest:
        raise ShapeError(
            f"images (B, C, H, W) of at least {smallest}x{smallest} are needed, "
            f"not {tuple(image.shape)} and {tuple(target.shape)}"
        )
    pair = [gray(each) if each.shape[1] in (1, 3) else each.mean(dim=1, keepdim=True) for each in (image, target)]
    same_shape("a comparison of structure", image=pair[0], target=pair[1])
    return pair
