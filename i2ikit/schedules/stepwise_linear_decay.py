"""A learning rate for runs that are counted in steps: constant, then a straight line to 0 at the end of the run."""

from i2ikit.checks import fraction
from i2ikit.interfaces.progress import Progress
from i2ikit.registry import SCHEDULES


@SCHEDULES.register_module()
class StepwiseLinearDecay:
    """1 until the share ``start`` of the run's steps is done, then a straight line to 0 when all are done.

    With t = (step - 1) / steps, the share that is done before a step, f = min(1, (1 - t) / (1 - start)).
    The length of the run is asked of the progress, so ``--max-steps`` shortens the decay with the run.

    Args:
        start: share of the run before the decay, 0..1; 1 for no decay.

    Raises:
        ValueError: ``start`` is outside 0..1.
    """

    def __init__(self, start: float = 0.5) -> None:
        self.start = fraction("start", start)

    def __call__(self, progress: Progress) -> float:
        """Return the number for the step at ``progress``."""
        done = (progress.step - 1) / progress.steps
        return 1.0 if done <= self.start else max(0.0, (1 - done) / (1 - self.start))
