from collections.abc import Iterator
from itertools import count, islice
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from i2ikit.errors import DataError
from i2ikit.inference import Translator

FAILS = 13  # pixels of width


class Negative(nn.Module):
    """Inverts colors and records the sizes of the batches that it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        self.batches.append(len(x))
        if x.shape[-1] == FAILS:
            raise RuntimeError("this width fails")
        return -x


def gray(width: int = 5, value: int = 10) -> np.ndarray:
    return np.full((4, width, 3), value, np.uint8)


def test_neighbors_of_one_size_are_translated_together():
    generator = Negative()
    outputs = list(Translator(generator).stream([gray(k // 4 + 3, k) for k in range(10)], batch=3))
    assert [int(output[0, 0, 0]) for output in outputs] == [255 - k for k in range(10)]
    assert generator.batches == [3, 1, 3, 1, 2]
    generator.batches.clear()
    assert len(Translator(generator)([gray()] * 9)) == 9
    assert generator.batches == [8, 1]


def test_large_images_are_translated_alone():
    generator = Negative()
    large = torch.zeros(3, 800, 800)
    assert len(Translator(generator)([large, large, torch.zeros(3, 100, 100)])) == 3
    assert generator.batches == [1, 1, 1]
    assert Translator(generator)(torch.stack([large, large])).shape == (2, 3, 800, 800)
    assert generator.batches == [1] * 5


def test_a_stream_takes_images_as_its_outputs_are_taken_and_may_never_end():
    taken: list[int] = []

    def endless() -> Iterator[np.ndarray]:
        for k in count():
            taken.append(k)
            yield gray(value=k)

    outputs = Translator(Negative()).stream(endless())
    assert taken == []
    assert [int(each[0, 0, 0]) for each in islice(outputs, 3)] == [255, 254, 253]
    assert taken == [0, 1, 2]
    batched = Translator(Negative()).stream(endless(), batch=4)
    next(batched)
    assert taken == [0, 1, 2, 0, 1, 2, 3]


def test_an_image_of_a_stream_that_fails_is_named_by_its_number_after_those_before_it():
    translate = Translator(Negative())
    outputs = translate.stream([gray(), gray(), "missing.png", gray()], batch=4)
    assert len([next(outputs), next(outputs)]) == 2
    with pytest.raises(DataError, match=r"^image 3: the image missing\.png does not exist"):
        next(outputs)
    with pytest.raises(DataError, match=r"^image 2: the generator fails .* array \(4, 13, 3\), .* this width fails"):
        translate([gray(), gray(FAILS)])
    with pytest.raises(TypeError, match=r"^image 1: this is no image, but int\. A Translator takes a path, an image"):
        translate([3])


class Dazzled(Negative):
    """Fails at bright images, with an error of its own."""

    def forward(self, x: Any) -> Any:
        if x.max() > 0.9:
            raise DataError("too bright")
        return super().forward(x)


def test_the_image_that_fails_in_a_batch_is_found():
    translate = Translator(Dazzled())
    outputs = translate.stream([gray(), gray(), gray(value=255), gray()], batch=4)
    assert len([next(outputs), next(outputs)]) == 2
    with pytest.raises(DataError, match=r"^image 3: too bright$"):
        next(outputs)


@pytest.mark.parametrize("images", ["photos", b"x", gray(), torch.zeros(3, 4, 4), 7])
def test_what_is_no_iterable_of_images_is_refused_at_once(images: Any):
    with pytest.raises(TypeError, match="a stream takes an iterable of images, not"):
        Translator(Negative()).stream(images)
    with pytest.raises(ValueError, match="batch must be an integer above 0, not 0"):
        Translator(Negative()).stream([], batch=0)
