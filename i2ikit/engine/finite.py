"""Ends a run at a step whose loss or gradient was not finite."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from i2ikit.distributed import processes
from i2ikit.engine.checkpointing.reproduce import explain_stop
from i2ikit.engine.runner import TranslationRunner
from i2ikit.errors import RunError
from i2ikit.interfaces.progress import Progress


@dataclass(frozen=True)
class SubmittedStep:
    """A step that a device computes or has computed.

    Attributes:
        progress: of the step.
        batches: of the step.
        losses: by term, on the device.
        phases: in their order.
        flags: one for each phase, NaN if the step failed in it or before; on the CPU once ``copied`` has happened.
        copied: None where it has.
    """

    progress: Progress
    batches: Sequence[Mapping[str, Any]]
    losses: Mapping[str, Tensor]
    phases: tuple[str, ...]
    flags: Tensor
    copied: torch.cuda.Event | None

    def failed_phase(self) -> str:
        """Return the first phase with a loss or a gradient that is not finite, or an empty string; waits for it."""
        if self.copied is not None:
            self.copied.synchronize()
        return next((name for name, bad in zip(self.phases, self.flags.isnan().tolist(), strict=True) if bad), "")


class FiniteCheck:
    """Checks every step, without making a GPU wait: a step is read when ``lag`` more have been submitted.

    The weights of a failed step are kept as they were, so it can be reproduced also after later ones.

    Args:
        run: of the steps.
        lag: >= 0; None: 1 for one process on a GPU, which would wait, else 0.
    """

    def __init__(self, run: TranslationRunner, lag: int | None = None) -> None:
        self._run = run
        alone = processes.count() == 1
        self.lag = int(alone and run.model.device.type == "cuda") if lag is None else lag
        self._steps: deque[SubmittedStep] = deque()

    def add(
        self,
        progress: Progress,
        batches: Sequence[Mapping[str, Any]],
        losses: Mapping[str, Tensor],
        flags: Mapping[str, Tensor],
    ) -> None:
        """Add a step, and check the one that is due.

        Args:
            progress, batches, losses: of the step.
            flags: see :meth:`PhaseUpdater.take_flags`.

        Raises:
            RunError: the step that is due failed; it is saved, and the message tells how to reproduce it.
        """
        if flags:
            stacked = torch.stack(list(flags.values()))
            copied = torch.cuda.Event() if stacked.is_cuda else None
            found = stacked.to("cpu", non_blocking=True)
            if copied is not None:
                copied.record()
            self._steps.append(SubmittedStep(progress, batches, losses, tuple(flags), found, copied))
        self._check(self.lag)

    def settle(self) -> None:
        """Check all steps that were added; before anything is saved, shown or measured.

        Raises:
            RunError: as :meth:`add`.
        """
        self._check(0)

    def _check(self, kept: int) -> None:
        while len(self._steps) > kept:
            step = self._steps.popleft()
            phase = step.failed_phase()
            if phase:
                self._steps.appendleft(step)  # whoever asks next gets the same answer
                raise RunError(explain_stop(self._run, step.progress, phase, step.batches, step.losses))
