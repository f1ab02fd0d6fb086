"""Less flicker: statistics of norms and outputs that change slowly from frame to frame."""

import torch
from torch import Tensor

from i2ikit.inference.norm_statistics import Moments, own_moments


class SmoothedMoments:
    """A rule for norms, see :func:`i2ikit.inference.norm_statistics.ruled`: moving averages over consecutive frames.

    The average of frame t is ``smooth`` times that of frame t - 1 plus ``1 - smooth`` times the statistics of frame t.

    Args:
        smooth: 0..1; 0: the statistics of each frame.
    """

    def __init__(self, smooth: float) -> None:
        self.smooth = smooth
        self._averages: dict[str, Moments] = {}

    def __call__(self, name: str, maps: Tensor) -> Moments:
        """Return the averages for B consecutive frames; ``maps`` has the shape (B, G, C / G, H, W)."""
        if maps.is_meta:  # the memory is estimated: no frame of the video
            return own_moments(maps)
        found = []
        for mean, variance in zip(*own_moments(maps), strict=True):
            before = self._averages.get(name, Moments(mean, variance))
            now = Moments(
                torch.lerp(mean, before.mean, self.smooth), torch.lerp(variance, before.variance, self.smooth)
            )
            self._averages[name] = now
            found.append(now)
        return Moments(torch.stack([each.mean for each in found]), torch.stack([each.variance for each in found]))

    def forget(self) -> None:
        """Begin anew: the next frame is the first of its scene."""
        self._averages.clear()
