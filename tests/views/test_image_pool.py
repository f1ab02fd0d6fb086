import io

import pytest
import torch
from torch import Tensor

from i2ikit.translation import RandomStreams
from i2ikit.views.image_pool import ImagePool


def numbered(*numbers: int) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float32).reshape(-1, 1, 1, 1)


def answers(view: ImagePool, numbers: range, expression: str = "ab(a)") -> list[float]:
    return [
        view(numbered(n), draw=view.draw(RandomStreams(0, n).generator("view/history")), expression=expression).item()
        for n in numbers
    ]


def test_older_images_come_back_about_half_of_the_time_once_the_store_is_full():
    given = answers(ImagePool(10), range(400))
    assert given[:10] == list(range(10))
    older = sum(answer != n for n, answer in enumerate(given))
    assert 146 < older < 244  # 5 standard deviations of a binomial with n 390 and p 1/2
    assert all(answer <= n for n, answer in enumerate(given))


def test_every_expression_has_a_store_of_its_own():
    view = ImagePool(3)
    answers(view, range(20), "ab(a)")
    assert answers(view, range(100, 103), "ba(b)") == [100, 101, 102]
    assert set(view.stores) == {"ab(a)", "ba(b)"}


def test_exchanges_of_one_expression_do_not_depend_on_those_of_another():
    alone, together = ImagePool(3), ImagePool(3)
    expected = answers(alone, range(30))
    given = []
    for n in range(30):
        answers(together, range(n, n + 1), "ba(b)")
        given += answers(together, range(n, n + 1))
    assert given == expected


def test_no_gradient_goes_through_it():
    view = ImagePool()
    assert not view.differentiable
    assert not view(numbered(1).requires_grad_(True), draw=1, expression="ab(a)").requires_grad


def test_its_images_are_saved_and_come_back_from_a_file_that_may_hold_weights_only():
    first = ImagePool(3)
    answers(first, range(10))
    answers(first, range(10), "ba(b)")
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second = ImagePool(3)
    second.load_state_dict(torch.load(file, weights_only=True))
    assert answers(second, range(10, 30)) == answers(first, range(10, 30))
    assert answers(second, range(10, 30), "ba(b)") == answers(first, range(10, 30), "ba(b)")


def test_an_empty_history_is_saved_too():
    view = ImagePool(3)
    answers(view, range(5))
    view.load_state_dict(ImagePool(3).state_dict())
    assert view.stores == {}


def test_a_smaller_history_takes_what_it_can_hold():
    large, small = ImagePool(5), ImagePool(2)
    answers(large, range(5))
    small.load_state_dict(large.state_dict())
    assert [image.item() for image in small.stores["ab(a)"].images] == [0, 1]


def test_the_size_must_be_whole_and_positive():
    with pytest.raises(ValueError, match="size must be an integer above 0, not 0"):
        ImagePool(0)
