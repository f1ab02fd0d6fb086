import pytest
import torch

from i2ikit.errors import ShapeError
from i2ikit.metrics.functional.sliced_wasserstein import PatchSampling, patches_at, sliced_wasserstein, wasserstein_1d


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def area_between_quantile_functions(x, y, steps=10_000):
    """The integral of |F^-1 - G^-1| over 0..1 by midpoints, value by value."""
    x, y = sorted(x), sorted(y)
    total = 0.0
    for step in range(steps):
        fraction = (step + 0.5) / steps
        total += abs(x[int(fraction * len(x))] - y[int(fraction * len(y))]) / steps
    return total


def test_a_shifted_set_is_as_far_away_as_the_shift():
    points = torch.rand(50, 1, generator=seeded())
    assert wasserstein_1d(points, points + 3.0).item() == pytest.approx(3.0, abs=1e-5)


def test_the_order_of_points_does_not_matter():
    points = torch.rand(50, 2, generator=seeded())
    assert wasserstein_1d(points, points.flip(0)).tolist() == [0.0, 0.0]


def test_half_of_the_mass_moves_half_as_far_on_average():
    assert wasserstein_1d(torch.tensor([[0.0], [0.0]]), torch.tensor([[0.0], [1.0]])).item() == 0.5


def test_one_point_against_many_is_the_mean_distance():
    many = torch.tensor([[0.0], [1.0], [5.0]])
    assert wasserstein_1d(torch.zeros(1, 1), many).item() == pytest.approx(2.0)


@pytest.mark.parametrize(("n", "m"), [(5, 5), (4, 10), (8, 5)])
def test_wasserstein_is_the_area_between_the_quantile_functions(n, m):
    x, y = torch.rand(n, 1, generator=seeded(1)), 2 * torch.rand(m, 1, generator=seeded(2))
    expected = area_between_quantile_functions(x.flatten().tolist(), y.flatten().tolist())
    assert wasserstein_1d(x, y).item() == pytest.approx(expected, abs=1e-6)


def test_each_column_is_measured_by_itself():
    x, y = torch.rand(6, 3, generator=seeded(1)), torch.rand(9, 3, generator=seeded(2))
    single = [wasserstein_1d(x[:, [k]], y[:, [k]]).item() for k in range(3)]
    assert wasserstein_1d(x, y).tolist() == pytest.approx(single)


def sampling(patch=3, directions=5, per_image=100):
    return PatchSampling(patch, directions, per_image, seed=0)


def test_sliced_distance_is_the_mean_over_directions_by_a_slow_loop():
    x, y = torch.rand(4, 3, generator=seeded(1)), torch.rand(6, 3, generator=seeded(2))
    directions = torch.nn.functional.normalize(torch.randn(5, 3, generator=seeded(3)))
    distances = []
    for direction in directions:
        on_line = [[sum(p * d for p, d in zip(point, direction, strict=True)).item() for point in s] for s in (x, y)]
        distances.append(area_between_quantile_functions(*on_line, steps=12_000))
    expected = pytest.approx(sum(distances) / 5, abs=1e-5)
    assert sliced_wasserstein(x, y, directions).item() == expected
    assert sampling().distance(x, y, seeded(3)).item() == expected


def test_patches_are_cut_as_slices():
    image = torch.arange(2 * 5 * 6).reshape(2, 5, 6)
    positions = torch.tensor([[0, 0], [2, 3], [1, 2]])
    expected = torch.stack(
        [image[:, row : row + 3, column : column + 3].flatten() for row, column in positions.tolist()]
    )
    assert torch.equal(patches_at(image, positions, 3), expected)


def test_positions_are_all_those_whose_center_is_inside():
    inside = torch.zeros(5, 6, dtype=torch.bool)
    inside[2, 3] = inside[3, 4] = True
    inside[0, 0] = True  # no patch of 3x3 has its center there
    assert sorted(sampling().positions(inside, seeded()).tolist()) == [[1, 2], [2, 3]]


def test_positions_are_sampled_without_repetition():
    positions = sampling(per_image=12).positions(torch.ones(6, 7, dtype=torch.bool), seeded())
    assert len({tuple(position) for position in positions.tolist()}) == 12
    assert positions.amax(dim=0).tolist() <= [3, 4]


def test_a_set_without_points_is_refused():
    with pytest.raises(ShapeError, match=r"N and M above 0, not \(0, 2\) and \(3, 2\)"):
        wasserstein_1d(torch.empty(0, 2), torch.zeros(3, 2))


def test_points_of_another_width_are_refused():
    with pytest.raises(ShapeError, match="need equal widths, not 3, 4 and 3"):
        sliced_wasserstein(torch.zeros(2, 3), torch.zeros(2, 4), torch.zeros(1, 3))


def test_an_image_smaller_than_a_patch_is_refused():
    with pytest.raises(ShapeError, match="patches of 7x7 do not fit into an image of 6x9"):
        sampling(patch=7).positions(torch.ones(6, 9, dtype=torch.bool), seeded())
