"""Distances between two sets of feature vectors: Frechet's, and the squared maximum mean discrepancy."""

import numpy as np
import torch
from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.errors import ShapeError


def check_features(who: str, x: Tensor, y: Tensor) -> None:
    """Raise ShapeError, naming ``who``, unless both sets are (N, D) with at least two vectors of one width."""
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1] or min(len(x), len(y)) < 2:
        raise ShapeError(
            f"{who} needs two sets (N, D) and (M, D) of at least 2 vectors each, got {(*x.shape,)} and {(*y.shape,)}"
        )


def frechet_distance(x: Tensor, y: Tensor) -> float:
    """Return the Frechet distance of two Gaussians with the means and covariances of the sets.

    That is |mean x - mean y|^2 + tr(Cx) + tr(Cy) - 2 tr((Cx Cy)^(1/2)), in float64. With Cx = X'X and Cy = Y'Y the
    last trace is the sum of the singular values of X Y', which needs no matrix square root and is exact also if there
    are fewer vectors than features and both covariances are singular.

    Shape:
        x: (N, D); y: (M, D); N and M >= 2.

    Raises:
        ShapeError: a set is too small, or the widths differ.
    Source:
        Dowson and Landau 1982; as a measure of images Heusel et al. 2017, arXiv:1706.08500.
    """
    check_features("the Frechet distance", x, y)
    mean_x, root_x = _mean_and_root(x)
    mean_y, root_y = _mean_and_root(y)
    shared = torch.linalg.svdvals(root_x @ root_y.T).sum()
    distance = (mean_x - mean_y).square().sum() + root_x.square().sum() + root_y.square().sum() - 2 * shared
    return distance.item()


def _mean_and_root(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean (D,), and a matrix (min(N, D), D) whose transpose times itself is the covariance."""
    x = x.detach().double().cpu()
    centered = (x - x.mean(dim=0)) / (len(x) - 1) ** 0.5
    return x.mean(dim=0), centered if len(x) <= x.shape[1] else torch.linalg.qr(centered, mode="r").R


def kernel_distance(
    x: Tensor, y: Tensor, *, subsets: int = 100, subset_size: int = 1000, seed: int = 2020
) -> tuple[float, float]:
    """Return mean and standard deviation, over random subsets, of the squared maximum mean discrepancy of two sets.

    The kernel is (a'b / D + 1)^3, the estimate is unbiased, so it may be slightly below 0. Computed in float64.

    Args:
        x: (N, D).
        y: (M, D).
        subsets: number of random subsets, >= 1.
        subset_size: vectors that a subset takes from each set, without repetition, >= 2; at most as many as the
            smaller set has.
        seed: of the subsets, which equal those of torch-fidelity.

    Raises:
        ValueError: subsets is below 1, or subset_size below 2.
        ShapeError: a set is too small, or the widths differ.
    Source:
        Binkowski et al. 2018, arXiv:1801.01401.
    """
    check_features("the kernel distance", x, y)
    size = min(subset_size, len(x), len(y))
    if positive_int("subsets", subsets) and positive_int("subset_size", subset_size) < 2:
        raise ValueError(f"subset_size must be at least 2, not {subset_size!r}")
    x, y = x.detach().double().cpu(), y.detach().double().cpu()
    random = np.random.RandomState(seed)
    values = []
    for _ in range(subsets):
        chosen_x = torch.from_numpy(random.choice(len(x), size, replace=False))
        chosen_y = torch.from_numpy(random.choice(len(y), size, replace=False))
        values.append(_discrepancy(x[chosen_x], y[chosen_y]))
    return float(np.mean(values)), float(np.std(values))


def _discrepancy(x: Tensor, y: Tensor) -> float:
    """Return the unbiased estimate for two sets (S, D) of one size."""
    size, width = x.shape

    def kernel(first: Tensor, second: Tensor) -> Tensor:
        return (first @ second.T / width + 1) ** 3

    within = [(values.sum() - values.trace()) / (size * (size - 1)) for values in (kernel(x, x), kernel(y, y))]
    return (within[0] + within[1] - 2 * kernel(x, y).mean()).item()
