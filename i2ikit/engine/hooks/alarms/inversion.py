"""Color inversion: bright becomes dark, and a color its opposite."""

import torch.nn.functional as F
from mmengine.registry import HOOKS
from torch import Tensor

from i2ikit.engine.hooks.alarms.looking import LookingAlarm
from i2ikit.engine.hooks.alarms.watch import Look

SIDE = 16  # pixels: large surfaces count, texture does not


@HOOKS.register_module()
class InversionAlarm(LookingAlarm):
    """Rings when the colors of the outputs run against those of the inputs.

    Measured is the correlation (-1..1) between input and output over the places of each channel at 16 x 16 pixels, the
    mean over channels and fixed images. A negative of the input has -1. Silent where input and output differ in their
    number of channels.

    Args:
        below: correlation, -1..1. Healthy runs of photos: 0.5 to 1. Colors that stand for classes, as in label maps,
            may correlate anyhow: switch this alarm off for them.
        every, start, times: see :class:`LookingAlarm`.
    """

    advice = (
        "An inverted generator seldom turns back: people start again with another seed (--seed N), with an identity "
        "term or a higher weight of it, or with generators that start from their input (input_skip=True)."
    )

    def __init__(self, below: float = -0.2, *, every: int = 500, start: int = 1000, times: int = 2) -> None:
        super().__init__(below, every=every, start=start, times=times)

    def measure(self, look: Look) -> float | None:
        """Return the mean correlation."""
        pairs = list(zip(look.inputs, look.outputs, strict=True))
        if any(len(one) != len(other) for one, other in pairs):
            return None
        return sum(_correlation(one, other) for one, other in pairs) / len(pairs)

    def describe(self, generator: str, value: float) -> str:
        """Return what was seen."""
        return (
            f"the colors of the outputs of generator {generator!r} are inverted: they correlate {value:.2f} with "
            f"those of the inputs (alarm below {self.below:g})"
        )


def _correlation(one: Tensor, other: Tensor) -> float:
    """Return the correlation over places, the mean over channels; 0 for a channel without contrast."""
    flat = [F.adaptive_avg_pool2d(image, SIDE).flatten(1) for image in (one, other)]  # (C, 256)
    centered = [F.normalize(x - x.mean(1, keepdim=True), dim=1) for x in flat]
    return float((centered[0] * centered[1]).sum(1).mean())
