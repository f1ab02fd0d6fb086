import math

import pytest
import torch

from i2ikit.errors import ShapeError
from i2ikit.metrics.functional.ssim import ssim


def images(*, channels=3, height=20, width=17, seed=0):
    return torch.rand(2, channels, height, width, generator=torch.Generator().manual_seed(seed))


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_it_is_torchmetrics_inside_the_image(channels):
    from torchmetrics.functional.image import structural_similarity_index_measure

    x, y = images(channels=channels), images(channels=channels, seed=1)
    y = 0.7 * x + 0.3 * y
    _, similarity = structural_similarity_index_measure(y, x, data_range=1.0, reduction="none", return_full_image=True)
    inside = similarity[..., 5:-5, 5:-5]  # torchmetrics reflects at the border, the paper does not
    assert torch.allclose(ssim(y, x), inside.mean(dim=(1, 2, 3)), atol=1e-5)


def test_equal_images_have_one():
    assert ssim(images(), images()).tolist() == pytest.approx([1.0, 1.0], abs=1e-6)


def test_two_constant_images_differ_by_their_brightness_alone():
    dark, bright = torch.full((1, 1, 11, 11), 0.2), torch.full((1, 1, 11, 11), 0.8)
    expected = (2 * 0.2 * 0.8 + 1e-4) / (0.2**2 + 0.8**2 + 1e-4)
    assert ssim(dark, bright).item() == pytest.approx(expected, rel=1e-5)


def test_one_window_follows_the_formula():
    x, y = images(channels=1, height=11, width=11).double(), images(channels=1, height=11, width=11, seed=1).double()
    bell = [[math.exp(-((i - 5) ** 2 + (j - 5) ** 2) / 4.5) for j in range(11)] for i in range(11)]
    whole = sum(map(sum, bell))

    def mean(image):
        return sum(bell[i][j] * image[i, j].item() for i in range(11) for j in range(11)) / whole

    a, b = x[0, 0], y[0, 0]
    variance_a, variance_b = mean(a * a) - mean(a) ** 2, mean(b * b) - mean(b) ** 2
    shared = mean(a * b) - mean(a) * mean(b)
    expected = (2 * mean(a) * mean(b) + 1e-4) * (2 * shared + 9e-4)
    expected /= (mean(a) ** 2 + mean(b) ** 2 + 1e-4) * (variance_a + variance_b + 9e-4)
    assert ssim(x, y)[0].item() == pytest.approx(expected)


def test_an_image_smaller_than_the_window_is_refused():
    with pytest.raises(ShapeError, match=r"ssim needs images .*of at least 11x11, got \(2, 3, 20, 10\)"):
        ssim(images(width=10), images(width=10))
