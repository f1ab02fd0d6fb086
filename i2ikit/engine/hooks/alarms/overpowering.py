"""A discriminator that wins: it tells real from generated without an error, and teaches the generator no more."""

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch import Tensor

from i2ikit.checks import positive, positive_int
from i2ikit.engine.hooks.alarms.base import Alarm
from i2ikit.terms.adversarial import DiscriminatorTerm


@HOOKS.register_module()
class OverpoweringAlarm(Alarm):
    """Rings when a discriminator's loss stays near 0: its answers are saturated.

    Measured is the mean of a DiscriminatorTerm over a window, as a share of what a discriminator has that answers 0 to
    everything (least squares 0.5, vanilla and non-saturating ln 2, hinge 1). Losses without such a scale (WGAN) are
    left out. Cost: one addition a step for each discriminator; one value is read per window.

    Args:
        below: share, > 0. Healthy runs stay above 0.05.
        steps: length of the window, >= 1.

    Raises:
        ValueError: an argument is out of its range.
    """

    advice = (
        "People lower the discriminator's learning rate (--set model.phases.discriminate.optimizer.lr=...), give it "
        "fewer filters, keep a history of generated images, add a gradient penalty, or more and more varied images."
    )

    def __init__(self, below: float = 0.02, steps: int = 1000) -> None:
        super().__init__()
        self.below, self.steps = positive("below", below), positive_int("steps", steps)
        self._undecided: dict[str, float] = {}
        self._sums: dict[str, Tensor | float] = {}
        self._counts: dict[str, int] = {}

    def before_train(self, runner: Runner) -> None:
        """Find the discriminators' terms and what their losses mean."""
        phases = runner.model.translation.phases.values()
        terms = {name: weighted.term for phase in phases for name, weighted in phase.terms.items()}
        found = {name: term for name, term in terms.items() if isinstance(term, DiscriminatorTerm)}
        losses = {name: _of_undecided(term) for name, term in found.items()}
        self._undecided = {name: loss for name, loss in losses.items() if loss > 0}

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Add the losses of a step; judge at the end of a window."""
        if self.silent:
            return
        for name in self._undecided:
            if name in (outputs or {}):
                self._sums[name] = self._sums.get(name, 0.0) + (outputs or {})[name]
                self._counts[name] = self._counts.get(name, 0) + 1
        if runner.train_loop.progress.step % self.steps:
            return
        shares = {
            name: float(total) / self._counts[name] / self._undecided[name]
            for name, total in self._sums.items()
            if self._counts[name] >= self.steps / 2  # not after a resume with a window that is cut off
        }
        self._sums, self._counts = {}, {}
        low = {name: share for name, share in shares.items() if share < self.below}
        if low:
            named = ", ".join(f"{name!r} was {share:.2%}" for name, share in low.items())
            self.ring(
                runner,
                f"a discriminator has won: over the last {self.steps} steps the loss {named} of the loss of one that "
                f"answers 0 to everything (alarm below {self.below:.0%}); the generator learns little from it",
            )

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run has to know."""
        sums = {name: float(total) for name, total in self._sums.items()}
        return {**super().state_dict(), "sums": sums, "counts": dict(self._counts)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take it back."""
        super().load_state_dict(state)
        self._sums, self._counts = dict(state["sums"]), dict(state["counts"])


def _of_undecided(term: DiscriminatorTerm) -> float:
    """Return the loss of a discriminator that answers 0 to everything."""
    answer = torch.zeros(1, 1, 1, 1)
    return 0.5 * float(term.loss.real(answer) + term.loss.fake(answer))
