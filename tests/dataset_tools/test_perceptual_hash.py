import numpy as np
import pytest
from PIL import Image

from i2ikit.dataset_tools.perceptual_hash import MOST_BITS, PerceptualHash, perceptual_hash, similar_pairs
from i2ikit.images.planes import Planes

WHITE = np.full((8, 8, 3), 255, np.uint8)


def hash_of(flipped: list[int], colors: np.ndarray = WHITE) -> PerceptualHash:
    bits = np.zeros(256, np.uint8)
    bits[list(flipped)] = 1
    return PerceptualHash(np.packbits(bits).tobytes(), colors)


def test_a_gray_ramp_is_brighter_than_its_left_neighbor_everywhere() -> None:
    ramp = Image.fromarray(np.tile(np.arange(0, 170, 5, dtype=np.uint8), (32, 1)))
    assert perceptual_hash(ramp).bits == b"\xff" * 32
    assert perceptual_hash(ramp.transpose(Image.Transpose.FLIP_LEFT_RIGHT)).bits == b"\0" * 32


@pytest.mark.parametrize("spread", [1, 12])  # within one piece of the hash, and one bit in each piece
def test_hashes_that_differ_in_20_bits_are_similar_and_in_21_are_not(spread: int) -> None:
    for count, wanted in ((MOST_BITS, [(0, 1)]), (MOST_BITS + 1, [])):
        assert list(similar_pairs([hash_of([]), hash_of([k * spread for k in range(count)])])) == wanted


def test_equal_bits_with_other_colors_are_not_similar() -> None:
    assert list(similar_pairs([hash_of([3]), hash_of([3], np.full_like(WHITE, 200))])) == []


def test_the_pairs_are_those_of_a_slow_loop() -> None:
    rng = np.random.default_rng(0)
    base = [set(rng.choice(256, 100, replace=False).tolist()) for _ in range(4)]
    flipped = [sorted(base[k % 4] ^ set(rng.choice(256, k % 17, replace=False).tolist())) for k in range(24)]
    slow = [(i, j) for i in range(24) for j in range(i + 1, 24) if len(set(flipped[i]) ^ set(flipped[j])) <= MOST_BITS]
    found = list(similar_pairs([hash_of(bits) for bits in flipped]))
    assert len(found) == len(set(found))
    assert sorted(found) == slow
    assert 0 < len(slow) < 276


def test_values_that_are_not_finite_can_be_hashed() -> None:
    values = np.arange(64, dtype=np.float32).reshape(8, 8, 1)
    values[0, 0] = np.nan
    assert len(perceptual_hash(Planes(values)).bits) == 32
    assert list(similar_pairs([])) == []
