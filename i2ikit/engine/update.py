"""The one place where losses become updates of weights."""

import math
from collections.abc import Sequence

import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim import Optimizer

from i2ikit.distributed.group import average
from i2ikit.engine.optimizers import rates


class PhaseUpdater(OptimWrapperDict):
    """Updates what belongs to a phase, and sees that nothing that is not finite reaches a weight.

    Args:
        optimizers: by name of the phase.
        accumulate: losses that make one update, >= 1; their mean is what is descended.
        clip_gradients: largest Euclidean norm of all gradients of a phase, > 0; longer ones are scaled down to it.
        scaler: of losses in half precision; None: losses are taken as they are.

    Attributes:
        blocked: name of the phase whose loss or gradient was not finite; from then on nothing is updated. Empty: all is
            well. With a scaler, a gradient that overflows is no alarm: the scaler leaves that update out and scales
            less from then on.
    """

    def __init__(
        self,
        optimizers: dict[str, Optimizer],
        *,
        accumulate: int = 1,
        clip_gradients: float | None = None,
        scaler: torch.amp.GradScaler | None = None,
    ) -> None:
        super().__init__(**{name: OptimWrapper(optimizer) for name, optimizer in optimizers.items()})
        self.optimizers = optimizers
        self.accumulate, self.clip_gradients, self.scaler = accumulate, clip_gradients, scaler
        self.blocked = ""
        self._losses: list[Tensor] = []

    def __call__(self, phase: str, loss: Tensor) -> None:
        """Take the gradient of one of the losses of ``phase``; after the last of them, take one step down.

        The gradient is averaged over all processes first. All processes come to the same decision on whether it is
        finite.
        """
        if self.blocked:
            return
        if not self._losses:
            self.optimizers[phase].zero_grad(set_to_none=True)
        share = loss / self.accumulate
        (share if self.scaler is None else self.scaler.scale(share)).backward()
        self._losses.append(share.detach())
        if len(self._losses) == self.accumulate:
            self._update(phase, torch.stack(self._losses).sum())
            self._losses = []

    def _update(self, phase: str, loss: Tensor) -> None:
        optimizer = self.optimizers[phase]
        gradients = [x.grad for group in optimizer.param_groups for x in group["params"] if x.grad is not None]
        average([*gradients, loss])
        if self.scaler is not None:
            self.scaler.unscale_(optimizer)
        norm = get_total_norm(gradients)
        if not math.isfinite((loss if self.scaler is not None else loss + 0 * norm.to(loss)).item()):
            self.blocked = phase
            optimizer.zero_grad(set_to_none=True)
            return
        if self.clip_gradients is not None:
            _clip(optimizer, self.clip_gradients, norm)
        if self.scaler is None:
            optimizer.step()
        else:
            self.scaler.step(optimizer)
            self.scaler.update()

    def set_rates(self, factor: float) -> None:
        """Set the learning rate of every group to its own initial one times ``factor``."""
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * factor

    def rates(self) -> dict[str, float]:
        """Return the present learning rates by network."""
        return rates(self.optimizers)


def _clip(optimizer: Optimizer, longest: float, norm: Tensor) -> None:
    parameters: Sequence[Tensor] = [x for group in optimizer.param_groups for x in group["params"]]
    clip_grads_with_norm_(parameters, longest, norm)
