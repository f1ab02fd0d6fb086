"""Mode collapse: the generator outputs the same image for every input."""

import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.engine.hooks.alarms.outputs import OutputAlarm, Outputs
from i2ikit.from_mmengine import HOOKS

SIDE = 32  # pixels; images of any size are compared at this one


@HOOKS.register_module()
class CollapseAlarm(OutputAlarm):
    """Triggers when the outputs for different inputs hardly differ.

    Measured is the spread over images: the standard deviation of each pixel over the fixed images, averaged, of the
    outputs divided by that of the inputs; all at 32 x 32 pixels. 1: as varied as the inputs, 0: one image for all.
    Needs two images that differ, so it is inactive for a single test image.

    Args:
        below: spread of the outputs as a fraction of that of the inputs, > 0. Healthy runs: 0.5 to 1.5.
        every, start, times: see :class:`OutputAlarm`.
    """

    advice = (
        "It does not recover by itself. Return to an earlier checkpoint, lower the learning rate of the generator and "
        "the discriminator (--set optimizer.lr=...), raise the weight of the content or cycle term, and check "
        "whether the other domain's images are varied enough."
    )

    def __init__(self, below: float = 0.1, *, every: int = 500, start: int = 1000, times: int = 2) -> None:
        super().__init__(below, every=every, start=start, times=times)

    def measure(self, found: Outputs) -> float | None:
        """Return the spread of the outputs as a fraction of that of the inputs."""
        if len(found.inputs) < 2:
            return None
        inputs, outputs = _spread(found.inputs), _spread(found.outputs)
        return outputs / inputs if inputs > 0 else None

    def describe(self, name: str, value: float) -> str:
        """Describe an output that triggers the alarm."""
        return (
            f"the outputs of {name!r} are nearly one image for different inputs: they vary "
            f"{value:.1%} as much as their inputs (alarm below {self.below:.0%}); this is mode collapse"
        )


def _spread(images: list[Tensor]) -> float:
    """Return the standard deviation over images, the mean over positions and channels."""
    small = torch.stack([F.adaptive_avg_pool2d(image, SIDE) for image in images])  # (N, C, 32, 32)
    return float(small.std(dim=0).mean())
