"""An overpowering discriminator: it separates real from generated without an error, so the generator learns nothing."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import positive, positive_int
from i2ikit.engine.hooks.alarms.base import Alarm
from i2ikit.engine.hooks.loss_sums import LossSums
from i2ikit.engine.runner import TranslationRunner
from i2ikit.errors import counted
from i2ikit.from_mmengine import HOOKS
from i2ikit.terms.adversarial import DiscriminatorTerm


@HOOKS.register_module()
class OverpoweringAlarm(Alarm):
    """Triggers when a discriminator's loss stays near 0: its logits are saturated.

    Measured is the mean of a DiscriminatorTerm over a window, as a fraction of the loss of logits that are all 0 (least
    squares 0.5, vanilla and non-saturating ln 2, hinge 1). Losses without such a scale (WGAN) are skipped. Cost: one
    reading of values per window.

    Args:
        below: fraction, > 0. Healthy runs stay above 0.05.
        steps: length of the window, >= 1.

    Raises:
        ValueError: an argument is out of its range.
    """

    advice = (
        "Lower the discriminator's learning rate (--set model.phases.discriminate.optimizer.lr=...), use fewer filters "
        "in it, a pool of generated images, a gradient penalty, or more and more varied images."
    )

    def __init__(self, below: float = 0.02, steps: int = 1000) -> None:
        super().__init__()
        self.below, self.steps = positive("below", below), positive_int("steps", steps)
        self._undecided: dict[str, float] = {}
        self._sums = LossSums()

    def before_train(self, run: TranslationRunner) -> None:
        """Find the discriminators' terms and the scales of their losses."""
        phases = run.translation.phases.values()
        terms = {name: weighted.term for phase in phases for name, weighted in phase.terms.items()}
        found = {name: term for name, term in terms.items() if isinstance(term, DiscriminatorTerm)}
        losses = {name: _undecided_loss(term) for name, term in found.items()}
        self._undecided = {name: loss for name, loss in losses.items() if loss > 0}

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Add the losses of a step; check them at the end of a window."""
        if self.triggered:
            return
        self._sums.add({name: losses[name] for name in self._undecided if name in losses})
        if run.progress.step % self.steps:
            return
        fractions = {
            name: mean / self._undecided[name]
            for name, mean in self._sums.means(self.steps / 2).items()  # not after a resume with an incomplete window
        }
        self._sums.clear()
        low = {name: value for name, value in fractions.items() if value < self.below}
        if low:
            named = ", ".join(f"{name!r} was {value:.2%}" for name, value in low.items())
            self.trigger(
                run,
                f"a discriminator has won: over the last {counted(self.steps, 'step')} the loss {named} of the loss of "
                f"logits that are all 0 (alarm below {self.below:.0%}); the generator learns little from it",
            )

    def state_dict(self) -> dict[str, Any]:
        """Return the state for the checkpoint."""
        return {**super().state_dict(), **self._sums.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        super().load_state_dict(state)
        self._sums.load_state_dict(state)


def _undecided_loss(term: DiscriminatorTerm) -> float:
    """Return the loss of a discriminator whose logits are all 0."""
    logits = torch.zeros(1, 1, 1, 1)
    return 0.5 * float(term.loss.real(logits) + term.loss.fake(logits))
