import numpy as np
import pytest

from i2ikit.inference.sequences.flicker import Flicker, FlickerResult
from i2ikit.inference.sequences.motion import MotionEstimator
from tests.inference.sequences.test_motion import texture

SCENE = texture(96, 160)


def pan(step: int = 2, count: int = 6) -> list[np.ndarray]:
    return [SCENE[:, step * index : step * index + 120] for index in range(count)]


def measured(sources: list[np.ndarray], outputs: list[np.ndarray]) -> FlickerResult:
    motion, flicker = MotionEstimator(), Flicker()
    for source, output in zip(sources, outputs, strict=True):
        flicker.update(motion.match(source), output)
    return flicker.result()


def test_a_copy_of_a_video_flickers_as_the_video():
    result = measured(pan(), pan())
    assert result.output == pytest.approx(result.input, rel=1e-6)
    assert result.input < 0.01


def test_brightness_that_jumps_is_flicker_of_the_size_of_the_jump():
    jumping = [np.clip(frame.astype(int) + (20 if index % 2 else -20), 0, 255) for index, frame in enumerate(pan())]
    result = measured(pan(), [frame.astype(np.uint8) for frame in jumping])
    assert result.output == pytest.approx(40 / 255, abs=0.01)


def test_a_pattern_that_does_not_move_with_the_content_flickers():
    still = [255 - SCENE[:, :120]] * 6
    moving = [255 - frame for frame in pan()]
    assert measured(pan(), still).output > 3 * measured(pan(), moving).output


def test_a_still_video_with_a_still_output_does_not_flicker():
    assert measured([SCENE] * 3, [255 - SCENE] * 3) == FlickerResult(0, 0)


def test_cuts_are_left_out_and_single_frames_have_no_flicker():
    dark, bright = np.full((64, 64), 20, np.uint8), np.full((64, 64), 220, np.uint8)
    assert measured([dark, bright], [bright, dark]) is None
    assert measured([dark], [dark]) is None
    assert measured([dark, dark, bright, bright], [dark, dark, bright, bright]) == FlickerResult(0, 0)
