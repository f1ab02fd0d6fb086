"""What a run reports. Without torch: the command line imports this module early."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from i2ikit.errors import counted


@dataclass(frozen=True)
class RunSummary:
    """What a run is about to do.

    Attributes:
        work_dir: where it writes.
        device: as torch names it.
        seed: of all random numbers.
        networks: trainable parameters by name of the network.
        steps, epochs: of the complete run.
        steps_per_epoch: steps of one epoch.
        batch_size: images of each domain in a batch of one process.
        train_images, test_images: items of the data sets; 0 without a test set.
        first_step: 1, or the first step of a resumed run.
        epoch: sentence about the images of an epoch; empty for a data set that does not describe it.
        accumulate: batches of a step.
        processes: number of processes, each with its own batches.
        precision: fp32, tf32, bf16 or fp16.
        rate: chart of the learning rate over the run.
        warning: what is wrong with the rate, and networks that no phase updates; empty if nothing is.
    """

    work_dir: Path
    device: str
    seed: int
    networks: Mapping[str, int]
    steps: int
    epochs: int
    steps_per_epoch: int
    batch_size: int
    train_images: int
    test_images: int
    first_step: int = 1
    epoch: str = ""
    accumulate: int = 1
    processes: int = 1
    precision: str = "fp32"
    rate: str = ""
    warning: str = ""


@dataclass(frozen=True)
class RunResult:
    """The result of a run.

    Attributes:
        work_dir: where it wrote.
        step: the last one.
        metrics: by name; empty where the config has none.
        checkpoint: the last one.
        paused: whether the run stopped at ``pause_at``, before its end; it can be resumed.
        missing: why values or metrics could not be measured, by name.
        best: the best measurement of the run: ``metric`` (the value that decides), ``better``, ``step``, ``value``,
            ``metrics``; empty if no measured value has a direction.
        protocol: how it was measured; plain data.
    """

    work_dir: Path
    step: int
    metrics: Mapping[str, float] = field(default_factory=dict)
    checkpoint: Path | None = None
    paused: bool = False
    missing: Mapping[str, str] = field(default_factory=dict)
    best: Mapping[str, Any] = field(default_factory=dict)
    protocol: Mapping[str, Any] = field(default_factory=dict)


class Reporter:
    """Receives the progress of a run and ignores it; a subclass shows it. Calls come from the training process."""

    def start(self, summary: RunSummary) -> None:
        """Receive the summary of a run before its first step."""

    def step(self, step: int, epoch: int, rate: float, eta: float, losses: Mapping[str, float]) -> None:
        """Receive the values of a step; not every step is reported.

        Args:
            step, epoch: from 1.
            rate: recent steps per second.
            eta: seconds until the last step at that rate.
            losses: unweighted, by the name of the term.
        """

    def note(self, text: str) -> None:
        """Receive a sentence for the user."""

    def finish(self, result: RunResult) -> None:
        """Receive the result of a run that was not interrupted."""


def format_missing(missing: Mapping[str, str]) -> list[str]:
    """Return one sentence for each reason, with the names of all values that cannot be measured for it."""
    names: dict[str, list[str]] = {}
    for name, reason in missing.items():
        names.setdefault(reason, []).append(name)
    return [f"{', '.join(found)} cannot be measured: {reason}" for reason, found in names.items()]


def format_pace(rate: float) -> str:
    """Return steps per second, ``2.5 steps/s``; below one step per second the time of a step, ``20.3 s/step``."""
    return f"{1 / rate:.1f} s/step" if 0 < rate < 1 else f"{rate:.1f} steps/s"


def format_length(steps: int, epochs: int, per_epoch: int) -> str:
    """Return the length of a run: ``6 steps in 2 epochs of 3``."""
    return f"{counted(steps, 'step')} in {counted(epochs, 'epoch')} of {per_epoch:,}"


def format_duration(seconds: float) -> str:
    """Return a duration in two units: ``7 min 58 s``, ``2 h 5 min``; ``?`` if it is unknown."""
    if not 0 <= seconds < float("inf"):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
