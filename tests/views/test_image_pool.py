import io
import random

import pytest
import torch
from torch import Tensor

from i2ikit.translation import RandomStreams
from i2ikit.views.image_pool import ImageBuffer, ImagePool


def numbered(*numbers: int) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float32).reshape(-1, 1, 1, 1)


def exchanged(view: ImagePool, numbers: range, expression: str = "ab(a)") -> list[float]:
    return [
        view(
            numbered(n), sample=view.sample(RandomStreams(0, n).generator("view/history")), expression=expression
        ).item()
        for n in numbers
    ]


def test_older_images_come_back_about_half_of_the_time_once_the_buffer_is_full():
    given = exchanged(ImagePool(10), range(400))
    assert given[:10] == list(range(10))
    older = sum(found != n for n, found in enumerate(given))
    assert 146 < older < 244  # 5 standard deviations of a binomial with n 390 and p 1/2
    assert all(found <= n for n, found in enumerate(given))


def test_every_expression_has_its_own_buffer():
    view = ImagePool(3)
    exchanged(view, range(20), "ab(a)")
    assert exchanged(view, range(100, 103), "ba(b)") == [100, 101, 102]
    assert set(view.stores) == {"ab(a)", "ba(b)"}


def test_exchanges_of_one_expression_do_not_depend_on_those_of_another():
    alone, together = ImagePool(3), ImagePool(3)
    expected = exchanged(alone, range(30))
    given = []
    for n in range(30):
        exchanged(together, range(n, n + 1), "ba(b)")
        given += exchanged(together, range(n, n + 1))
    assert given == expected


def test_no_gradient_goes_through_it():
    view = ImagePool()
    assert not view.differentiable
    assert not view(numbered(1).requires_grad_(True), sample=1, expression="ab(a)").requires_grad


def test_its_images_are_saved_and_come_back_from_a_file_that_may_hold_weights_only():
    first = ImagePool(3)
    exchanged(first, range(10))
    exchanged(first, range(10), "ba(b)")
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second = ImagePool(3)
    second.load_state_dict(torch.load(file, weights_only=True))
    assert exchanged(second, range(10, 30)) == exchanged(first, range(10, 30))
    assert exchanged(second, range(10, 30), "ba(b)") == exchanged(first, range(10, 30), "ba(b)")


def test_an_empty_history_is_saved_too():
    view = ImagePool(3)
    exchanged(view, range(5))
    view.load_state_dict(ImagePool(3).state_dict())
    assert view.stores == {}


def test_a_smaller_history_takes_what_it_can_hold():
    large, small = ImagePool(5), ImagePool(2)
    exchanged(large, range(5))
    small.load_state_dict(large.state_dict())
    assert [image.item() for image in small.stores["ab(a)"].images] == [0, 1]


def test_the_size_must_be_whole_and_positive():
    with pytest.raises(ValueError, match="size must be an integer above 0, not 0"):
        ImagePool(0)


def never() -> int:
    raise AssertionError("a random number that must not be used")


def test_a_buffer_exchanges_as_the_published_code_does_with_the_same_random_numbers():
    buffer = ImageBuffer(3)
    stream = random.Random(5)
    found = [
        int(buffer.exchange(numbered(n), lambda: stream.uniform(0, 1), lambda: stream.randint(0, 2)).item())
        for n in range(12)
    ]
    assert found == [0, 1, 2, 2, 4, 3, 5, 7, 8, 6, 10, 11]  # what the published pool returns after random.seed(5)


def test_until_the_buffer_is_full_images_come_back_unchanged_and_no_random_number_is_used():
    buffer = ImageBuffer(3)
    assert torch.equal(buffer.exchange(numbered(0, 1, 2), never, never), numbered(0, 1, 2))


def test_an_older_image_is_replaced_by_the_new_one():
    buffer = ImageBuffer(2)
    buffer.exchange(numbered(0, 1), never, never)
    assert buffer.exchange(numbered(7), lambda: 0.6, lambda: 1).item() == 1
    assert [image.item() for image in buffer.images] == [0, 7]


def test_half_is_not_enough_for_an_older_image():
    buffer = ImageBuffer(1)
    buffer.exchange(numbered(0), never, never)
    assert buffer.exchange(numbered(7), lambda: 0.5, never).item() == 7
    assert [image.item() for image in buffer.images] == [0]


def test_images_of_one_batch_are_exchanged_one_by_one():
    buffer = ImageBuffer(1)
    found = buffer.exchange(numbered(1, 2, 3), lambda: 0.9, lambda: 0)
    assert found.flatten().tolist() == [1, 1, 2]


def test_no_gradient_goes_through_a_buffer():
    image = numbered(1).requires_grad_(True)
    assert not ImageBuffer(1).exchange(image, never, never).requires_grad


def test_a_buffer_keeps_a_copy():
    buffer, image = ImageBuffer(1), numbered(1)
    buffer.exchange(image, never, never)
    image.zero_()
    assert buffer.images[0].item() == 1


def test_an_older_image_comes_back_in_the_type_of_the_new_ones():
    buffer = ImageBuffer(1)
    buffer.exchange(numbered(1), never, never)
    found = buffer.exchange(torch.cat([numbered(2), numbered(3)]).double(), iter([0.9, 0.1]).__next__, lambda: 0)
    assert found.dtype == torch.float64
    assert found.flatten().tolist() == [1, 3]


def test_images_of_another_size_are_refused():
    buffer = ImageBuffer(1)
    buffer.exchange(torch.zeros(1, 1, 2, 2), never, never)
    with pytest.raises(RuntimeError, match="stack expects each tensor to be equal size"):
        buffer.exchange(torch.zeros(2, 1, 3, 3), iter([0.9, 0.1]).__next__, lambda: 0)
