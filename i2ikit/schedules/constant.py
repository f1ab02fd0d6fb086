"""One number for the whole run."""

from i2ikit.interfaces.progress import Progress
from i2ikit.registry import SCHEDULES


@SCHEDULES.register_module()
class Constant:
    """The same number at every step.

    Args:
        value: any number; a learning-rate factor of 1 leaves the rate as the optimizer has it.
    """

    def __init__(self, value: float = 1.0) -> None:
        self.value = value

    def __call__(self, progress: Progress) -> float:
        """Return the number for the step at ``progress``."""
        return self.value
