"""A learning-rate factor that falls when a metric no longer improves."""

from collections.abc import Mapping

from i2ikit.checks import fraction, not_negative_int, positive_int
from i2ikit.interfaces.progress import MeasuredSchedule, Progress
from i2ikit.registry import SCHEDULES


@SCHEDULES.register_module()
class PlateauDecay(MeasuredSchedule):
    """Multiplied by ``factor`` whenever ``patience`` measurements in a row bring no new best.

    The value that decides is ``evaluation.metric``, measured every ``evaluation.every`` steps; both must be set.

    Args:
        factor: 0..1.
        patience: measurements, >= 1.

    Raises:
        ValueError: ``factor`` is outside 0..1, or ``patience`` is below 1 or not an integer.
    Source:
        ``--lr_policy plateau`` of the published code of CycleGAN and CUT, which observes a value of the training.
    Example:
        >>> from i2ikit.interfaces.progress import Progress
        >>> schedule = PlateauDecay(factor=0.5, patience=2)
        >>> for since_best in (0, 1, 2, 3):
        ...     schedule.observe(since_best)
        >>> schedule(Progress(epoch=1, step=5, epochs=1, steps=9))
        0.5
    """

    def __init__(self, factor: float = 0.2, patience: int = 5) -> None:
        self.factor, self.patience = fraction("factor", factor), positive_int("patience", patience)
        self.reductions = 0

    def __call__(self, progress: Progress) -> float:
        """Return the factor of now; it does not depend on ``progress``."""
        return float(self.factor**self.reductions)

    def observe(self, since_best: int) -> None:
        """Reduce the factor if ``patience`` measurements have passed since the best one or the last reduction."""
        if since_best and since_best % self.patience == 0:
            self.reductions += 1

    def state_dict(self) -> dict[str, int]:
        """Return how often the factor was reduced."""
        return {"reductions": self.reductions}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.reductions = not_negative_int("reductions", state["reductions"])
