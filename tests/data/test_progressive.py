"""Progressive sizes: which size at which step, and what becomes of the values of a batch."""

import torch

from i2ikit.data.progressive import ProgressiveSizes, smaller
from i2ikit.interfaces.progress import Progress


def divisors(sizes: ProgressiveSizes, steps: int) -> list[int]:
    return [sizes.divisor(Progress(1, step, 1, steps)) for step in range(1, steps + 1)]


def test_sizes_grow_at_parts_of_the_run_whatever_its_length():
    sizes = ProgressiveSizes([[4, 0.25], [2, 0.5]])
    assert divisors(sizes, 8) == [4, 4, 2, 2, 1, 1, 1, 1]
    assert divisors(sizes, 4) == [4, 2, 1, 1]
    assert divisors(ProgressiveSizes(), 2) == [1, 1]


def test_images_become_means_of_squares_and_labels_keep_their_codes():
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert smaller(image, 2).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert smaller(image.to(torch.int64), 2).flatten().tolist() == [5, 7, 13, 15]
    assert smaller(torch.zeros(2, 1, 5, 7).to(torch.int64), 2).shape == smaller(torch.zeros(2, 1, 5, 7), 2).shape
    assert smaller(["a.png"], 2) == ["a.png"]


def test_a_batch_of_the_full_size_is_not_touched():
    batch = {"a": torch.rand(1, 3, 4, 4), "a_path": ["a.png"]}
    sizes = ProgressiveSizes([[2, 0.5]])
    assert sizes(batch, Progress(1, 2, 1, 2))["a"] is batch["a"]
    assert sizes(batch, Progress(1, 1, 1, 2))["a"].shape == (1, 3, 2, 2)


def test_the_sizes_are_described_in_a_sentence():
    expected = "Training images have 1/4 of the size until 20% of the steps are done, 1/2 of the size until 50% of the "
    assert ProgressiveSizes([[4, 0.2], [2, 0.5]]).describe().startswith(expected)
    assert ProgressiveSizes().describe() == ""
