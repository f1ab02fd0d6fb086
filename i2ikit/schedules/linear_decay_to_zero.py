"""CycleGAN's learning rate: constant epochs, then a straight line that is 0 in the last epoch."""

from i2ikit.checks import not_negative_int
from i2ikit.interfaces.progress import Progress
from i2ikit.registry import SCHEDULES


@SCHEDULES.register_module()
class LinearDecayToZero:
    """f(e) = 1 - max(0, e + 1 - constant) / (decay + 1) in epoch e.

    The first epoch below 1 is epoch ``constant`` itself, and the last one, constant + decay, has f = 0 and learns
    nothing: this is what the published code does.

    Args:
        constant: epochs until the decay begins, >= 0.
        decay: epochs of the decay, >= 0.

    Raises:
        ValueError: a number of epochs is negative or not whole.

    Source:
        the code of pytorch-CycleGAN-and-pix2pix since 2020, which steps the schedule at the start of an epoch.
    """

    def __init__(self, constant: int, decay: int) -> None:
        self.constant = not_negative_int("constant", constant)
        self.decay = not_negative_int("decay", decay)

    def __call__(self, progress: Progress) -> float:
        """Return the number for the step at ``progress``."""
        return max(0.0, 1 - max(0, progress.epoch + 1 - self.constant) / (self.decay + 1))
