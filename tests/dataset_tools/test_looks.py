"""Which images look alike."""

import numpy as np
import pytest
from PIL import Image

from i2ikit.dataset_tools.looks import FEW_BITS, Look, look_alikes, look_at
from i2ikit.images.planes import Planes

WHITE = np.full((8, 8, 3), 255, np.uint8)


def look(flipped: range | list[int], colors: np.ndarray = WHITE) -> Look:
    bits = np.zeros(256, np.uint8)
    bits[list(flipped)] = 1
    return Look(np.packbits(bits).tobytes(), colors)


def test_a_gray_ramp_is_brighter_than_its_left_neighbor_everywhere() -> None:
    ramp = Image.fromarray(np.tile(np.arange(0, 170, 5, dtype=np.uint8), (32, 1)))
    assert look_at(ramp).bits == b"\xff" * 32
    assert look_at(ramp.transpose(Image.Transpose.FLIP_LEFT_RIGHT)).bits == b"\0" * 32


@pytest.mark.parametrize("spread", [1, 12])  # within one piece of the print, and one bit in each piece
def test_prints_that_differ_in_20_bits_are_alike_and_in_21_are_not(spread: int) -> None:
    for count, wanted in ((FEW_BITS, [(0, 1)]), (FEW_BITS + 1, [])):
        assert list(look_alikes([look([]), look([k * spread for k in range(count)])])) == wanted


def test_the_same_print_in_another_color_is_another_image() -> None:
    assert list(look_alikes([look([3]), look([3], np.full_like(WHITE, 200))])) == []


def test_every_pair_is_found_once_as_a_slow_loop_finds_it() -> None:
    draws = np.random.default_rng(0)
    base = [set(draws.choice(256, 100, replace=False).tolist()) for _ in range(4)]
    prints = [sorted(base[k % 4] ^ set(draws.choice(256, k % 17, replace=False).tolist())) for k in range(24)]
    slow = [(i, j) for i in range(24) for j in range(i + 1, 24) if len(set(prints[i]) ^ set(prints[j])) <= FEW_BITS]
    found = list(look_alikes([look(bits) for bits in prints]))
    assert len(found) == len(set(found))
    assert sorted(found) == slow
    assert 0 < len(slow) < 276


def test_deep_images_with_numbers_that_are_not_finite_have_a_look() -> None:
    values = np.arange(64, dtype=np.float32).reshape(8, 8, 1)
    values[0, 0] = np.nan
    assert len(look_at(Planes(values)).bits) == 32
    assert list(look_alikes([])) == []
