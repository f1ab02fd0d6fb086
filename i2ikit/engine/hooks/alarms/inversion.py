"""Color inversion: bright becomes dark, and a color its opposite."""

import torch.nn.functional as F
from torch import Tensor

from i2ikit.engine.hooks.alarms.outputs import OutputAlarm, Outputs
from i2ikit.from_mmengine import HOOKS

SIDE = 16  # pixels: large surfaces count, texture does not


@HOOKS.register_module()
class InversionAlarm(OutputAlarm):
    """Triggers when the colors of the outputs are opposite to those of the inputs.

    Measured is the correlation (-1..1) between input and output over the positions of each channel at 16 x 16 pixels,
    the mean over channels and fixed images. A negative of the input has -1. Inactive if the numbers of channels differ.

    Args:
        below: correlation, -1..1. Healthy runs of photos: 0.5 to 1. Colors that encode classes, as in label maps,
            may correlate in any way: switch this alarm off for them.
        every, start, times: see :class:`OutputAlarm`.
    """

    advice = (
        "An inverted generator seldom recovers. Start again with another seed (--seed N), with an identity term or a "
        "higher weight of it, or with generators that add their input to their output (input_skip=True)."
    )

    def __init__(self, below: float = -0.2, *, every: int = 500, start: int = 1000, times: int = 2) -> None:
        super().__init__(below, every=every, start=start, times=times)

    def measure(self, found: Outputs) -> float | None:
        """Return the mean correlation."""
        pairs = list(zip(found.inputs, found.outputs, strict=True))
        if any(len(one) != len(other) for one, other in pairs):
            return None
        return sum(_correlation(one, other) for one, other in pairs) / len(pairs)

    def describe(self, name: str, value: float) -> str:
        """Describe an output that triggers the alarm."""
        return (
            f"the colors of the outputs of {name!r} are inverted: they correlate {value:.2f} with "
            f"those of the inputs (alarm below {self.below:g})"
        )


def _correlation(one: Tensor, other: Tensor) -> float:
    """Return the correlation over positions, the mean over channels; 0 for a channel without contrast."""
    flat = [F.adaptive_avg_pool2d(image, SIDE).flatten(1) for image in (one, other)]  # (C, 256)
    centered = [F.normalize(x - x.mean(1, keepdim=True), dim=1) for x in flat]
    return float((centered[0] * centered[1]).sum(1).mean())
