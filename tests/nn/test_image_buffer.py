import random

import pytest
import torch
from torch import Tensor

from i2ikit.nn.image_buffer import ImageBuffer


def numbered(*numbers: int) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float32).reshape(-1, 1, 1, 1)


def never() -> int:
    raise AssertionError("a draw that must not be made")


def test_it_answers_as_the_published_code_does_with_the_same_draws():
    history = ImageBuffer(3)
    draws = random.Random(5)
    answers = [
        int(history.exchange(numbered(n), lambda: draws.uniform(0, 1), lambda: draws.randint(0, 2)).item())
        for n in range(12)
    ]
    assert answers == [0, 1, 2, 2, 4, 3, 5, 7, 8, 6, 10, 11]  # what the published pool answers after random.seed(5)


def test_images_come_back_as_they_are_until_the_store_is_full_and_nothing_is_drawn():
    history = ImageBuffer(3)
    assert torch.equal(history.exchange(numbered(0, 1, 2), never, never), numbered(0, 1, 2))


def test_an_older_image_is_replaced_by_the_new_one():
    history = ImageBuffer(2)
    history.exchange(numbered(0, 1), never, never)
    assert history.exchange(numbered(7), lambda: 0.6, lambda: 1).item() == 1
    assert [image.item() for image in history.images] == [0, 7]


def test_half_is_not_enough_for_an_older_image():
    history = ImageBuffer(1)
    history.exchange(numbered(0), never, never)
    assert history.exchange(numbered(7), lambda: 0.5, never).item() == 7
    assert [image.item() for image in history.images] == [0]


def test_images_of_one_batch_are_exchanged_one_by_one():
    history = ImageBuffer(1)
    answer = history.exchange(numbered(1, 2, 3), lambda: 0.9, lambda: 0)
    assert answer.flatten().tolist() == [1, 1, 2]


def test_no_gradient_goes_through_the_history():
    image = numbered(1).requires_grad_(True)
    assert not ImageBuffer(1).exchange(image, never, never).requires_grad


def test_the_store_does_not_change_with_the_image_it_was_given():
    history, image = ImageBuffer(1), numbered(1)
    history.exchange(image, never, never)
    image.zero_()
    assert history.images[0].item() == 1


def test_an_older_image_comes_back_in_the_type_of_the_new_ones():
    history = ImageBuffer(1)
    history.exchange(numbered(1), never, never)
    answer = history.exchange(torch.cat([numbered(2), numbered(3)]).double(), iter([0.9, 0.1]).__next__, lambda: 0)
    assert answer.dtype == torch.float64
    assert answer.flatten().tolist() == [1, 3]


def test_images_of_another_size_are_refused():
    history = ImageBuffer(1)
    history.exchange(torch.zeros(1, 1, 2, 2), never, never)
    with pytest.raises(RuntimeError, match="stack expects each tensor to be equal size"):
        history.exchange(torch.zeros(2, 1, 3, 3), iter([0.9, 0.1]).__next__, lambda: 0)
