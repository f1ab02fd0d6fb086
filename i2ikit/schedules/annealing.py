"""Learning-rate factors of the published code beside the linear one: cosine and steps."""

import math

from i2ikit.checks import fraction, positive_int
from i2ikit.interfaces.progress import Progress
from i2ikit.registry import SCHEDULES


@SCHEDULES.register_module()
class CosineDecay:
    """Half a period of the cosine, from 1 at the first step to ``floor`` after the last one.

    With t = (step - 1) / steps, f = floor + (1 - floor) * (1 + cos(pi t)) / 2.

    Args:
        floor: factor at the end, 0..1.

    Raises:
        ValueError: ``floor`` is outside 0..1.
    Source:
        Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5 without restarts.
    Example:
        >>> from i2ikit.interfaces.progress import Progress
        >>> round(CosineDecay()(Progress(epoch=1, step=3, epochs=1, steps=4)), 3)
        0.5
    """

    def __init__(self, floor: float = 0.0) -> None:
        self.floor = fraction("floor", floor)

    def __call__(self, progress: Progress) -> float:
        """Return the factor of the step at ``progress``."""
        done = (progress.step - 1) / progress.steps
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * done)) / 2


@SCHEDULES.register_module()
class StepDecay:
    """Multiplied by ``factor`` after every ``every`` epochs: f(e) = factor ^ floor((e - 1) / every).

    It counts the epochs of the run and is not stretched.

    Args:
        every: epochs, >= 1.
        factor: 0..1.

    Raises:
        ValueError: ``every`` is below 1 or not an integer, or ``factor`` is outside 0..1.
    Source:
        ``--lr_policy step`` of the published code of CycleGAN and CUT.
    Example:
        >>> from i2ikit.interfaces.progress import Progress
        >>> [StepDecay(every=2, factor=0.5)(Progress(epoch=e, step=e, epochs=4, steps=4)) for e in (1, 2, 3, 4)]
        [1.0, 1.0, 0.5, 0.5]
    """

    def __init__(self, every: int = 50, factor: float = 0.1) -> None:
        self.every, self.factor = positive_int("every", every), fraction("factor", factor)

    def __call__(self, progress: Progress) -> float:
        """Return the factor of the step at ``progress``."""
        return float(self.factor ** ((progress.epoch - 1) // self.every))
