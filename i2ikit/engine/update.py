"""The one place where losses become updates of weights."""

import math

from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor
from torch.optim import Optimizer

from i2ikit.engine.optimizers import rates


class PhaseUpdater(OptimWrapperDict):
    """Updates what belongs to a phase, and sees that no loss that is not finite reaches a weight.

    Args:
        optimizers: by name of the phase.

    Attributes:
        blocked: name of the phase whose loss was not finite; from then on nothing is updated. Empty: all is well.
    """

    def __init__(self, optimizers: dict[str, Optimizer]) -> None:
        super().__init__(**{name: OptimWrapper(optimizer) for name, optimizer in optimizers.items()})
        self.optimizers = optimizers
        self.blocked = ""

    def __call__(self, phase: str, loss: Tensor) -> None:
        """Take one step down the gradient of ``loss`` with the optimiser of ``phase``."""
        if not math.isfinite(loss.item()):
            self.blocked = self.blocked or phase
        if self.blocked:
            return
        optimizer = self.optimizers[phase]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    def set_rates(self, factor: float) -> None:
        """Set the learning rate of every group to its own initial one times ``factor``."""
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * factor

    def rates(self) -> dict[str, float]:
        """Return the present learning rates by network."""
        return rates(self.optimizers)
