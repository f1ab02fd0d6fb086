"""Learning-rate factors that end in a straight line: those of CUT and EnCo, of CycleGAN, and one by steps."""

from i2ikit.checks import fraction, not_negative_int
from i2ikit.interfaces.progress import Progress
from i2ikit.registry import SCHEDULES


@SCHEDULES.register_module()
class LinearDecay:
    """CUT's learning rate, with EnCo's warm-up: constant epochs, then a straight line that just misses 0.

    f(e) = 1 - max(0, e - constant) / (decay + 1) in epoch e; f(e) = e / warmup in the epochs of the warm-up. The last
    epoch, constant + decay, still learns with 1 / (decay + 1). A run of another length stretches the schedule.

    Args:
        constant: epochs before the decay, >= 0; the warm-up is a part of them.
        decay: epochs of the decay, >= 0.
        warmup: epochs until the factor reaches 1, 0..constant; 0 for none.

    Raises:
        ValueError: a number of epochs is negative or not an integer, or the warm-up is longer than ``constant``.
    Source:
        the published code of CUT (arXiv:2007.15651) and of EnCo (arXiv:2211.10867), which has the warm-up.
    Example:
        >>> from i2ikit.interfaces.progress import Progress
        >>> LinearDecay(constant=2, decay=1)(Progress(epoch=3, step=3, epochs=3, steps=3))
        0.5
    """

    def __init__(self, constant: int, decay: int, warmup: int = 0) -> None:
        self.constant = not_negative_int("constant", constant)
        self.decay = not_negative_int("decay", decay)
        self.warmup = not_negative_int("warmup", warmup)
        if warmup > constant:
            raise ValueError(f"warmup must not be longer than constant = {constant} epochs, but is {warmup}")
        self.length = constant + decay

    def __call__(self, progress: Progress) -> float:
        """Return the factor of the step at ``progress``."""
        epoch = progress.epoch
        if epoch < self.warmup:
            return epoch / self.warmup
        return max(0.0, 1 - max(0, epoch - self.constant) / (self.decay + 1))


@SCHEDULES.register_module()
class LinearDecayToZero:
    """CycleGAN's learning rate: constant epochs, then a straight line that is 0 in the last epoch.

    f(e) = 1 - max(0, e + 1 - constant) / (decay + 1) in epoch e. The first epoch below 1 is epoch ``constant`` itself,
    and the last one, constant + decay, has f = 0 and learns nothing: this is what the published code does. A run of
    another length stretches the schedule.

    Args:
        constant: epochs until the decay begins, >= 0.
        decay: epochs of the decay, >= 0.

    Raises:
        ValueError: a number of epochs is negative or not an integer.
    Source:
        the code of pytorch-CycleGAN-and-pix2pix since 2020, which steps the schedule at the start of an epoch.
    Example:
        >>> from i2ikit.interfaces.progress import Progress
        >>> LinearDecayToZero(constant=2, decay=1)(Progress(epoch=3, step=3, epochs=3, steps=3))
        0.0
    """

    def __init__(self, constant: int, decay: int) -> None:
        self.constant = not_negative_int("constant", constant)
        self.decay = not_negative_int("decay", decay)
        self.length = constant + decay

    def __call__(self, progress: Progress) -> float:
        """Return the factor of the step at ``progress``."""
        return max(0.0, 1 - max(0, progress.epoch + 1 - self.constant) / (self.decay + 1))


@SCHEDULES.register_module()
class StepwiseLinearDecay:
    """1 until a fraction of the run's steps is done, then a straight line to 0 at the end of the run.

    With t = (step - 1) / steps, the fraction that is done before a step, f = min(1, (1 - t) / (1 - start)). The length
    of the run is that of the progress, so ``--max-steps`` shortens the decay with the run. In the w steps of the
    warm-up f = step / w.

    Args:
        start: fraction of the run before the decay, 0..1; 1 for no decay.
        warmup: fraction of the run until the factor reaches 1, 0..start; 0 for none.

    Raises:
        ValueError: a fraction is outside 0..1, or the warm-up is longer than ``start``.
    Example:
        >>> from i2ikit.interfaces.progress import Progress
        >>> StepwiseLinearDecay(start=0.5)(Progress(epoch=1, step=4, epochs=1, steps=4))
        0.5
    """

    def __init__(self, start: float = 0.5, warmup: float = 0.0) -> None:
        self.start, self.warmup = fraction("start", start), fraction("warmup", warmup)
        if warmup > start:
            raise ValueError(f"warmup must not be longer than start = {start}, but is {warmup}")

    def __call__(self, progress: Progress) -> float:
        """Return the factor of the step at ``progress``."""
        if progress.step <= self.warmup * progress.steps:
            return progress.step / (self.warmup * progress.steps)
        done = (progress.step - 1) / progress.steps
        return 1.0 if done <= self.start else max(0.0, (1 - done) / (1 - self.start))
