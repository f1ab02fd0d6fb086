import math

import pytest
import torch

from i2ikit.errors import ShapeError
from i2ikit.metrics.functional.structure import correlation, edge_correlation, self_similarity_correlation


@pytest.fixture
def image():
    """Return three discs on a slope, and noise: edges, textures, and parts that look alike."""
    y, x = torch.meshgrid(torch.arange(32.0), torch.arange(40.0), indexing="ij")
    scene = 0.2 + 0.005 * x
    for row, column in ((8, 8), (20, 18), (10, 30)):
        scene = torch.where((y - row) ** 2 + (x - column) ** 2 < 25, torch.tensor(0.7), scene)
    noise = torch.rand(1, 3, 32, 40, generator=torch.Generator().manual_seed(0))
    return 0.95 * scene + 0.05 * noise


MEASURES = (edge_correlation, self_similarity_correlation)


@pytest.mark.parametrize("measure", MEASURES)
def test_an_untouched_image_keeps_everything(measure, image):
    assert measure(image, image).item() == pytest.approx(1)


@pytest.mark.parametrize("measure", MEASURES)
def test_inverted_and_paler_colors_keep_everything(measure, image):
    assert measure(0.2 + 0.5 * (1 - image), image).item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("measure", MEASURES)
def test_another_scene_keeps_less_than_a_blurred_one_and_noise_nothing(measure, image):
    blurred = torch.nn.functional.avg_pool2d(image, 3, stride=1, padding=1, count_include_pad=False)
    moved = image.roll((9, 13), dims=(2, 3))
    noise = torch.rand(1, 3, 32, 40, generator=torch.Generator().manual_seed(1))
    kept = [measure(other, image).item() for other in (blurred, moved, noise)]
    assert kept[0] > 0.6 > 0.35 > max(kept[1:])
    assert abs(kept[2]) < 0.25


def test_gray_images_compare_with_colored_ones_and_with_many_channels(image):
    gray = image.mean(dim=1, keepdim=True)
    assert edge_correlation(gray, image).item() > 0.95
    assert edge_correlation(gray.expand(-1, 5, -1, -1), gray).item() == pytest.approx(1)


def test_edges_are_sobels():
    spot = torch.zeros(1, 1, 5, 5)
    spot[..., 2, 2] = 1.0
    root = math.sqrt(2)  # corner |(1, 1)|, side |(2, 0)|, middle 0
    expected = torch.tensor([[root, 2, root, 2, 0, 2, root, 2, root]])
    other = torch.rand(1, 1, 5, 5, generator=torch.Generator().manual_seed(0))
    strengths = torch.tensor(
        [[_sobel(other[0, 0], row, column) for row in range(1, 4) for column in range(1, 4)]], dtype=torch.float64
    )
    assert edge_correlation(spot, other).item() == pytest.approx(correlation(expected, strengths).item(), abs=1e-6)


def _sobel(luma, row, column):
    def at(i, j):
        return luma[row + i, column + j].item()

    across = sum(weight * (at(i, 1) - at(i, -1)) for i, weight in ((-1, 1), (0, 2), (1, 1)))
    down = sum(weight * (at(1, j) - at(-1, j)) for j, weight in ((-1, 1), (0, 2), (1, 1)))
    return math.hypot(across, down)


def test_the_self_similarity_is_a_slow_loop_over_pairs_of_patches():
    images = torch.rand(2, 1, 12, 13, generator=torch.Generator().manual_seed(0)).double()
    first, second = (torch.tensor([_similarities(image[0])], dtype=torch.float64) for image in images)
    found = self_similarity_correlation(images[:1], images[1:])
    assert found.item() == pytest.approx(correlation(first, second).item(), abs=1e-9)


def _similarities(luma):
    distances = []
    height, width = luma.shape
    for reach in (2, 4, 6):
        for down, right in ((0, reach), (reach, 0), (reach, reach), (reach, -reach)):
            for row in range(height - 4 - down):
                for column in range(max(0, -right), width - 4 - max(0, right)):
                    here = luma[row : row + 5, column : column + 5]
                    there = luma[row + down : row + down + 5, column + right : column + right + 5]
                    distances.append((here - there).square().mean().item())
    mean = sum(distances) / len(distances)
    return [math.exp(-distance / mean) for distance in distances]


def test_a_constant_image_has_no_edges_to_compare(image):
    assert edge_correlation(torch.full_like(image, 0.5), image).isnan().all()


def test_sizes_that_differ_are_refused(image):
    with pytest.raises(ShapeError, match=r"a comparison of structure .*\(1, 1, 32, 40\), target \(1, 1, 32, 30\)"):
        edge_correlation(image, image[..., :30])


def test_images_that_are_too_small_are_refused(image):
    with pytest.raises(ShapeError, match=r"of at least 11x11 are needed, not \(1, 3, 32, 10\)"):
        self_similarity_correlation(image[..., :10], image[..., :10])
