"""Nothing learned: the generator copies its input."""

from i2ikit.engine.hooks.alarms.outputs import OutputAlarm, Outputs
from i2ikit.from_mmengine import HOOKS

LEVELS = 127.5  # 8-bit levels in one unit of -1..1


@HOOKS.register_module()
class NothingLearnedAlarm(OutputAlarm):
    """Triggers when the outputs stay nearly equal to the inputs.

    Measured is the mean absolute difference between input and output in 8-bit levels, over the fixed images. Inactive
    if input and output differ in their number of channels.

    Args:
        below: levels of 255, > 0. Healthy runs of the embedded data set: 5 and more.
        every, start, times: see :class:`OutputAlarm`.
    """

    advice = (
        "Lower the weight of the terms that tie the output to the input (identity, cycle or content; for a mask that "
        "has closed also that of its area), raise the discriminator's learning rate, and check whether the two folders "
        "really show different things."
    )

    def __init__(self, below: float = 2.0, *, every: int = 500, start: int = 2000, times: int = 3) -> None:
        super().__init__(below, every=every, start=start, times=times)

    def measure(self, found: Outputs) -> float | None:
        """Return the mean difference in levels."""
        pairs = list(zip(found.inputs, found.outputs, strict=True))
        if any(one.shape != other.shape for one, other in pairs):
            return None
        return sum(float((one - other).abs().mean()) for one, other in pairs) * LEVELS / len(pairs)

    def describe(self, name: str, value: float) -> str:
        """Describe an output that triggers the alarm."""
        return (
            f"the outputs of {name!r} are nearly its inputs: they differ by {value:.2f} of 255 levels "
            f"on average (alarm below {self.below:g}); it has learned to change nothing"
        )
