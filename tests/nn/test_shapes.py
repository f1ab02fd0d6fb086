import pytest
import torch

from i2ikit.errors import ShapeError
from i2ikit.nn.shapes import check_images


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((3, 16, 16), r"Net needs images \(B, 3, H, W\), got \(3, 16, 16\)"),
        ((1, 4, 16, 16), r"Net needs images \(B, 3, H, W\), got \(1, 4, 16, 16\)"),
        ((1, 3, 4, 16), r"at least 8, got 4 x 16"),
        ((1, 3, 16, 18), r"multiples of 4, got 16 x 18"),
    ],
)
def test_wrong_images_are_named_with_what_is_needed(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        check_images("Net", torch.empty(shape), 3, smallest=8, multiple=4)


def test_right_images_pass() -> None:
    check_images("Net", torch.empty(2, 3, 8, 12), 3, smallest=8, multiple=4)
