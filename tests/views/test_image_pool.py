import io
import random

import pytest
import torch
from torch import Tensor

from i2ikit.translation import Progress, RandomStreams
from i2ikit.views.image_pool import ImagePool


def numbered(*numbers: int) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float32).reshape(-1, 1, 1, 1)


def exchanged(view: ImagePool, numbers: range, expression: str = "ab(a)") -> list[float]:
    return [
        view(
            numbered(n),
            sample=view.sample(RandomStreams(0, n).generator("view/pool"), Progress(1, 1, 1, 1)),
            expression=expression,
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


def test_an_empty_pool_is_saved_too():
    view = ImagePool(3)
    exchanged(view, range(5))
    view.load_state_dict(ImagePool(3).state_dict())
    assert view.stores == {}


def test_a_smaller_pool_keeps_the_first_images():
    large, small = ImagePool(5), ImagePool(2)
    exchanged(large, range(5))
    small.load_state_dict(large.state_dict())
    assert [image.item() for image in small.stores["ab(a)"]] == [0, 1]


def test_the_size_must_be_a_positive_integer():
    with pytest.raises(ValueError, match="size must be an integer above 0, not 0"):
        ImagePool(0)


@pytest.fixture
def sampled(monkeypatch):
    """Replace the random numbers of the pool by those of two functions."""

    def replace(uniform, index):
        monkeypatch.setattr(torch, "rand", lambda *size, generator: torch.tensor(uniform(), dtype=torch.float64))
        monkeypatch.setattr(torch, "randint", lambda high, size, generator: torch.tensor(index()))

    return replace


def exchange(view, images):
    return view(images, sample=0, expression="ab(a)")


def never() -> int:
    raise AssertionError("a random number that must not be used")


def test_it_exchanges_as_the_published_code_does_with_the_same_random_numbers(sampled):
    stream = random.Random(5)
    sampled(lambda: stream.uniform(0, 1), lambda: stream.randint(0, 2))
    view = ImagePool(3)
    found = [int(exchange(view, numbered(n)).item()) for n in range(12)]
    assert found == [0, 1, 2, 2, 4, 3, 5, 7, 8, 6, 10, 11]  # what the published pool returns after random.seed(5)


def test_until_the_buffer_is_full_images_are_returned_unchanged_and_no_random_number_is_used(sampled):
    sampled(never, never)
    assert torch.equal(exchange(ImagePool(3), numbered(0, 1, 2)), numbered(0, 1, 2))


@pytest.mark.parametrize(("uniform", "returned", "kept"), [(0.6, 1, [0, 7]), (0.5, 7, [0, 1])])
def test_above_one_half_the_new_image_replaces_an_older_one(uniform, returned, kept, sampled):
    sampled(lambda: uniform, lambda: 1)
    view = ImagePool(2)
    exchange(view, numbered(0, 1))
    assert exchange(view, numbered(7)).item() == returned
    assert [image.item() for image in view.stores["ab(a)"]] == kept


def test_images_of_one_batch_are_exchanged_one_by_one(sampled):
    sampled(lambda: 0.9, lambda: 0)
    assert exchange(ImagePool(1), numbered(1, 2, 3)).flatten().tolist() == [1, 1, 2]


def test_a_buffer_keeps_a_copy():
    view, image = ImagePool(1), numbered(1)
    exchange(view, image)
    image.zero_()
    assert view.stores["ab(a)"][0].item() == 1


def test_an_older_image_is_returned_in_the_type_of_the_new_ones(sampled):
    view = ImagePool(1)
    exchange(view, numbered(1))
    sampled(iter([0.9, 0.1]).__next__, lambda: 0)
    found = exchange(view, numbered(2, 3).double())
    assert found.dtype == torch.float64
    assert found.flatten().tolist() == [1, 3]


def test_images_of_another_size_replace_those_that_are_kept():
    view = ImagePool(3)
    exchange(view, torch.zeros(2, 1, 2, 2))
    found = exchange(view, torch.ones(2, 1, 3, 3))
    assert found.shape == (2, 1, 3, 3)
    assert [image.shape for image in view.stores["ab(a)"]] == [(1, 3, 3)] * 2


@pytest.mark.parametrize("state", [{"ab(a)": torch.zeros(3)}, {"ab(a)": [1]}, [1]])
def test_a_state_of_another_kind_is_refused(state):
    with pytest.raises((ValueError, AttributeError)):
        ImagePool(2).set_extra_state(state)
