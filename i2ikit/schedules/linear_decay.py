"""CUT's learning rate, with EnCo's warm-up: constant epochs, then a straight line that just misses 0."""

from i2ikit.checks import not_negative_int
from i2ikit.interfaces.progress import Progress
from i2ikit.registry import SCHEDULES


@SCHEDULES.register_module()
class LinearDecay:
    """f(e) = 1 - max(0, e - constant) / (decay + 1) in epoch e; f(e) = e / warmup in the epochs of the warm-up.

    The last epoch, constant + decay, still learns with 1 / (decay + 1); after it f is 0.

    Args:
        constant: epochs before the decay, >= 0; the warm-up is a part of them.
        decay: epochs of the decay, >= 0.
        warmup: epochs until the factor reaches 1, 0..constant; 0 for none.

    Raises:
        ValueError: a number of epochs is negative or not whole, or the warm-up is longer than ``constant``.

    Source:
        the published code of CUT (arXiv:2007.15651) and of EnCo (arXiv:2211.10867), which has the warm-up.
    """

    def __init__(self, constant: int, decay: int, warmup: int = 0) -> None:
        self.constant = not_negative_int("constant", constant)
        self.decay = not_negative_int("decay", decay)
        self.warmup = not_negative_int("warmup", warmup)
        if warmup > constant:
            raise ValueError(f"warmup must not be longer than constant = {constant} epochs, but is {warmup}")

    def __call__(self, progress: Progress) -> float:
        """Return the number for the step at ``progress``."""
        epoch = progress.epoch
        if epoch < self.warmup:
            return epoch / self.warmup
        return max(0.0, 1 - max(0, epoch - self.constant) / (self.decay + 1))
