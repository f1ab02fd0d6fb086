import math
from itertools import product

import pytest
import torch

from i2ikit.errors import ShapeError
from i2ikit.metrics.functional.feature_distances import frechet_distance, kernel_distance


def features(count, width, *, shift=0.0, seed=0):
    """Return correlated features, as a network's are."""
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(width, width, generator=torch.Generator().manual_seed(7)).double() / width**0.5
    return torch.randn(count, width, generator=generator).double() @ mixing + shift


@pytest.mark.slow
@pytest.mark.parametrize(("count", "other", "width"), [(300, 200, 32), (48, 40, 64), (90, 40, 64)])
def test_the_frechet_distance_is_torch_fidelitys(count, other, width):
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    x, y = features(count, width), features(other, width, shift=0.3, seed=1)
    statistics = [fid_features_to_statistics(each) for each in (x, y)]
    expected = fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-6)


def test_the_frechet_distance_of_a_set_and_its_copy_moved_by_one_is_the_square_of_the_way():
    x = features(50, 3)
    assert frechet_distance(x, x + torch.tensor([1.0, 2.0, 2.0])) == pytest.approx(9)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-12)


def test_the_frechet_distance_of_scalars_follows_from_mean_and_deviation():
    x, y = features(50, 1), 3 * features(70, 1, seed=1) + 2
    expected = (x.mean() - y.mean()) ** 2 + (x.std() - y.std()) ** 2
    assert frechet_distance(x, y) == pytest.approx(expected.item())


def test_small_features_far_from_zero_lose_nothing_in_float32():
    x, y = features(50, 8), features(50, 8, seed=1)
    moved = frechet_distance((x + 1000).float(), (y + 1000).float())
    assert moved == pytest.approx(frechet_distance(x, y), rel=1e-2)


@pytest.mark.slow
@pytest.mark.parametrize("subset_size", [10, 30])
def test_the_kernel_distance_is_torch_fidelitys(subset_size):
    from torch_fidelity.metric_kid import kid_features_to_metric

    x, y = features(40, 16), features(30, 16, shift=0.3, seed=1)
    expected = kid_features_to_metric(x, y, kid_subset_size=subset_size, kid_subsets=7, verbose=False)
    mean, deviation = kernel_distance(x, y, subsets=7, subset_size=subset_size)
    assert mean == pytest.approx(expected["kernel_inception_distance_mean"], rel=1e-6)
    assert deviation == pytest.approx(expected["kernel_inception_distance_std"], rel=1e-6)


def test_the_kernel_distance_is_a_mean_over_all_pairs():
    x, y = features(5, 3), features(5, 3, shift=1.0, seed=1)

    def kernel(a, b):
        return (float(a @ b) / 3 + 1) ** 3

    within = sum(kernel(s[i], s[j]) for s in (x, y) for i, j in product(range(5), repeat=2) if i != j) / 20
    between = sum(kernel(a, b) for a, b in product(x, y)) / 25
    assert kernel_distance(x, y, subsets=1)[0] == pytest.approx(within - 2 * between)


def test_sets_smaller_than_a_subset_are_used_completely():
    x, y = features(20, 4), features(20, 4, seed=1)
    mean, deviation = kernel_distance(x, y, subsets=3)
    assert mean == pytest.approx(kernel_distance(x, y, subsets=1, subset_size=20)[0])
    assert deviation == pytest.approx(0, abs=1e-12)


def test_sets_of_one_distribution_are_near_zero_on_either_side():
    values = [kernel_distance(features(60, 4, seed=s), features(60, 4, seed=s + 50), subsets=1)[0] for s in range(8)]
    assert min(values) < 0 < max(values)
    assert abs(sum(values)) / 8 < 0.1 * kernel_distance(features(60, 4), features(60, 4, shift=1.0))[0]


def test_one_vector_has_no_covariance():
    with pytest.raises(ShapeError, match=r"the Frechet distance needs two sets .*at least 2 .*\(1, 4\) and \(9, 4\)"):
        frechet_distance(features(1, 4), features(9, 4))


def test_widths_that_differ_are_refused():
    with pytest.raises(ShapeError, match=r"the kernel distance needs two sets .*\(9, 4\) and \(9, 5\)"):
        kernel_distance(features(9, 4), features(9, 5))


def test_a_subset_of_one_is_refused():
    with pytest.raises(ValueError, match="subset_size must be at least 2, not 1"):
        kernel_distance(features(9, 4), features(9, 4), subset_size=1)
    assert math.isfinite(kernel_distance(features(9, 4), features(9, 4), subset_size=2)[0])
