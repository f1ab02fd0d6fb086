"""Where the content of a frame was in the frame before, estimated by optical flow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from i2ikit.opencv import opencv

USE = "the motion of a video"
SHORTER = 256  # pixels of the shorter side at which motion is estimated
SMALLEST = 32  # pixels of a side below which it is not estimated: nothing moves
SAME = 0.1  # difference, in 0..1, above which a position has no match: it was covered, or the estimate is wrong
CUT = 0.15  # mean difference of two frames, in 0..1, position by position, above which a new scene begins
Levels = NDArray[np.uint8]
Image = NDArray[np.float32]


@dataclass(frozen=True)
class Match:
    """How a frame corresponds to the frame before.

    Attributes:
        columns, rows: (h, w), float32: the position, in pixels, at which each position of the frame was before.
        valid: (h, w), bool: whether it has a match.
        change: mean absolute difference of matched values, in 0..1: the flicker of the input; 0 where none match.
    """

    columns: Image
    rows: Image
    valid: NDArray[np.bool_]
    change: float

    def moved(self, before: Image) -> Image:
        """Return an image that belongs to the frame before, moved to where its content is in this frame.

        Args:
            before: (H, W, C); of any size, the motion is scaled to it.
        """
        height, width = before.shape[:2]
        columns, rows = (_resized(each, width, height) for each in (self.columns, self.rows))
        across, down = width / self.columns.shape[1], height / self.rows.shape[0]
        # pixel centers are at .5
        columns, rows = (columns + 0.5) * across - 0.5, (rows + 0.5) * down - 0.5
        cv2 = opencv(USE)
        found: Image = cv2.remap(before, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return found.reshape(before.shape)


class MotionEstimator:
    """Matches each frame of a video with the frame before.

    Source:
        Kroeger et al. 2016, arXiv:1603.03590 (DIS), in the implementation of OpenCV.
    """

    def __init__(self) -> None:
        cv2 = opencv(USE)
        self._flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._before: tuple[Levels, Image] | None = None

    def match(self, frame: Levels) -> Match | None:
        """Return how the next frame corresponds to the last one; None for the first frame of a scene.

        Args:
            frame: (H, W, 3) or (H, W); one of another size begins a scene.
        """
        small = small_frame(frame)
        cv2 = opencv(USE)
        gray: Levels = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        values = unit(small)
        before, self._before = self._before, (gray, values)
        if before is None or before[0].shape != gray.shape or cv2.absdiff(before[0], gray).mean() > CUT * 255:
            return None
        height, width = gray.shape
        rows, columns = np.mgrid[:height, :width].astype(np.float32)
        if min(height, width) >= SMALLEST:
            flow = self._flow.calc(gray, before[0], None)  # (h, w, 2), pixels from here to where it was
            columns, rows = columns + flow[..., 0], rows + flow[..., 1]
        found = Match(columns, rows, np.ones(gray.shape, bool), 0)
        change = np.abs(values - found.moved(before[1])).mean(axis=2)
        inside = (columns >= 0) & (columns <= width - 1) & (rows >= 0) & (rows <= height - 1)
        valid = inside & (change < SAME)
        return Match(columns, rows, valid, float(change[valid].mean()) if valid.any() else 0)


def small_frame(frame: Levels) -> Levels:
    """Return a frame whose shorter side has at most 256 pixels."""
    height, width = frame.shape[:2]
    scale = SHORTER / min(height, width)
    if scale >= 1:
        return np.ascontiguousarray(frame)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    cv2 = opencv(USE)
    smaller: Levels = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    return smaller


def unit(frame: Levels) -> Image:
    """Return a frame as (H, W, C) in 0..1."""
    return np.divide(frame[:, :, None] if frame.ndim == 2 else frame, 255, dtype=np.float32)


def _resized(values: Image, width: int, height: int) -> Image:
    if values.shape == (height, width):
        return values
    cv2 = opencv(USE)
    found: Image = cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR)
    return found
