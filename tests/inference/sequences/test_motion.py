import numpy as np
import pytest
from numpy.typing import NDArray

from i2ikit.inference.sequences.motion import MotionEstimator, small_frame, unit


def texture(height: int, width: int) -> NDArray[np.uint8]:
    """Return smooth noise, gray."""
    noise = np.random.default_rng(0).normal(size=(height + 20, width + 20))
    kernel = np.ones(9) / 9
    for axis in (0, 1, 0, 1):
        noise = np.apply_along_axis(np.convolve, axis, noise, kernel, mode="same")
    return (127 + 40 * noise[10:-10, 10:-10] / noise.std()).clip(0, 255).astype(np.uint8)


def test_a_panned_frame_is_matched_with_where_it_was():
    scene = texture(96, 140)
    motion = MotionEstimator()
    assert motion.match(scene[:, :120]) is None
    match = motion.match(scene[:, 3:123])  # the content moves 3 pixels to the left
    middle = slice(20, 76)
    columns, rows = np.meshgrid(np.arange(120), np.arange(96))
    assert (match.columns - columns)[middle, 20:100].mean() == pytest.approx(3, abs=0.1)
    assert (match.rows - rows)[middle, 20:100].mean() == pytest.approx(0, abs=0.1)
    assert not match.valid[:, 119].any()  # it comes into view
    assert match.valid[middle, 20:100].mean() > 0.95
    assert match.change < 0.01
    assert np.abs(match.moved(unit(scene[:, :120])) - unit(scene[:, 3:123]))[middle, 20:100].mean() < 0.01


def test_motion_is_scaled_to_the_image_that_is_moved():
    scene = np.kron(texture(150, 220), np.ones((4, 4), np.uint8))  # 600 x 880: estimated at 256 x 341
    motion = MotionEstimator()
    motion.match(scene[:, :800])
    match = motion.match(scene[:, 20:820])
    moved = match.moved(unit(scene[:, :800]))
    assert np.abs(moved - unit(scene[:, 20:820]))[100:500, 100:700].mean() < 0.02
    assert np.abs(unit(scene[:, :800]) - unit(scene[:, 20:820]))[100:500, 100:700].mean() > 0.05


def test_a_change_of_brightness_is_the_change_that_is_measured():
    scene = texture(64, 64)
    motion = MotionEstimator()
    motion.match(scene)
    assert motion.match(np.minimum(scene, 245) + 10).change == pytest.approx(10 / 255, abs=0.005)


def test_a_cut_and_another_size_begin_a_scene():
    motion = MotionEstimator()
    dark, bright = np.full((40, 40, 3), 30, np.uint8), np.full((40, 40, 3), 200, np.uint8)
    found = [motion.match(frame) is None for frame in (dark, dark, bright, bright, bright[:30])]
    assert found == [True, False, True, False, True]


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (31, 31)])
def test_tiny_frames_have_no_motion(size: tuple[int, int]):
    motion = MotionEstimator()
    motion.match(np.zeros(size, np.uint8))
    match = motion.match(np.zeros(size, np.uint8))
    assert match.valid.all()
    assert match.change == 0
    assert match.columns[0].tolist() == list(range(size[1]))


@pytest.mark.parametrize(
    ("size", "expected"), [((100, 50), (100, 50)), ((512, 1024), (256, 512)), ((900, 300), (768, 256))]
)
def test_motion_is_estimated_at_256_pixels(size: tuple[int, int], expected: tuple[int, int]):
    assert small_frame(np.zeros((*size, 3), np.uint8)).shape == (*expected, 3)
