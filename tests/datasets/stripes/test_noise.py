from collections import Counter

import numpy as np
import pytest

from i2ikit.datasets.stripes.noise import curve, evenly, mix, pick, ramp, seeded, shrink, texture

GRID = (np.arange(12, dtype=np.float32) + 0.5) / 12


def test_draws_depend_on_the_whole_key():
    assert seeded(1, 2).random() == seeded(1, 2).random()
    assert seeded(1, 2).random() != seeded(2, 1).random()


def test_a_ramp_rises_from_zero_to_one_and_falls_when_its_ends_are_swapped():
    x = np.asarray([-1.0, 0.0, 0.5, 1.0, 2.0], dtype=np.float32)
    assert ramp(x, 0.0, 1.0).tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert ramp(x, 1.0, 0.0).tolist() == [1.0, 1.0, 0.5, 0.0, 0.0]


def test_a_curve_of_one_octave_passes_through_its_lattice():
    ends = np.asarray([0.0, 0.5, 1.0], dtype=np.float32)
    expected = seeded(3).random(3).astype(np.float32)
    assert curve(seeded(3), ends, 2, 1).tolist() == expected.tolist()


def test_a_texture_of_one_octave_is_the_eased_mean_of_four_corners():
    drawn = texture(seeded(3), GRID, GRID, (1, 1), 1)
    corners = seeded(3).random((2, 2))
    for row, y in enumerate(GRID):
        for column, x in enumerate(GRID):
            down, right = (float(t * t * (3 - 2 * t)) for t in (y, x))
            top = corners[0, 0] * (1 - right) + corners[0, 1] * right
            bottom = corners[1, 0] * (1 - right) + corners[1, 1] * right
            assert drawn[row, column] == pytest.approx(top * (1 - down) + bottom * down, abs=1e-6)


def test_textures_stay_in_float32_and_in_range():
    drawn = texture(seeded(0), GRID, GRID, (3, 5), 4)
    assert drawn.dtype == np.float32
    assert 0 <= drawn.min() < drawn.max() <= 1


def test_even_draws_take_every_choice_about_equally_often():
    draws = [evenly((0, 1), index, 2) for index in range(98)]
    counts = Counter(int(first * 7) for first, _ in draws)
    assert set(counts) == set(range(7))
    assert all(abs(count - 14) <= 2 for count in counts.values())
    assert len({(int(first * 7), int(second * 7)) for first, second in draws}) >= 45  # of 49 combinations


def test_even_draws_differ_between_sets():
    assert evenly((0,), 5, 3) != evenly((1,), 5, 3)


def test_the_last_choice_is_picked_at_the_end():
    choices = [np.zeros(3, dtype=np.float32), np.ones(3, dtype=np.float32)]
    assert pick(choices, 0.49) is choices[0]
    assert pick(choices, 1.0) is choices[1]


def test_mixing_halfway_gives_the_mean():
    black, white = np.zeros((3, 1, 1), dtype=np.float32), np.ones((3, 1, 1), dtype=np.float32)
    assert mix(black, white, np.full((2, 2), 0.5, dtype=np.float32)).tolist() == np.full((3, 2, 2), 0.5).tolist()


def test_shrinking_averages_blocks():
    image = np.arange(36, dtype=np.float32).reshape(1, 6, 6)
    expected = image.reshape(1, 2, 3, 2, 3).mean(axis=(2, 4))
    assert np.allclose(shrink(image, 3), expected)
