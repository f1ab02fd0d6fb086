"""How much a translated video flickers: what changes from frame to frame although it only moves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from i2ikit.inference.sequences.motion import Match, small_frame, unit


@dataclass(frozen=True)
class FlickerResult:
    """The flicker of a video before and after translation.

    Attributes:
        input, output: mean absolute change of a value from a frame to the next along the motion of the input, in 0..1.
    """

    input: float
    output: float


class Flicker:
    """Measures the flicker of a translated video, frame by frame.

    A value of the output is compared with the one that was, in the frame before, at the position from which the content
    of the input moved. Positions without a match and the first frames of scenes are left out.

    Source:
        The warping error of Lai et al. 2018, arXiv:1808.00449, section 4.3, with absolute differences.
    """

    def __init__(self) -> None:
        self._before: NDArray[np.float32] | None = None
        self._changes: list[tuple[float, float]] = []

    def update(self, match: Match | None, output: NDArray[np.uint8]) -> None:
        """Add a frame.

        Args:
            match: of the input with the frame before; None: it begins a scene.
            output: (H, W, C) or (H, W), its translation.
        """
        now = unit(small_frame(output))
        before, self._before = self._before, now
        if match is None or before is None or not match.valid.any():
            return
        change = np.abs(now - match.moved(before)).mean(axis=2)
        self._changes.append((match.change, float(change[match.valid].mean())))

    def result(self) -> FlickerResult | None:
        """Return the mean over all pairs of frames; None if there is none."""
        return FlickerResult(*np.mean(self._changes, axis=0).tolist()) if self._changes else None
