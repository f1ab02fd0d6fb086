"""What a run tells whoever watches it. No torch in here: the command line imports it at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class RunSummary:
    """What a run is about to do.

    Attributes:
        work_dir: where it writes.
        device: as torch names it.
        seed: of everything random.
        networks: trainable parameters by name of the network.
        steps, epochs: of the whole run.
        steps_per_epoch: steps of one epoch.
        batch_size: images of each domain in a batch of one process.
        train_images, test_images: items of the data sets; 0 without a test set.
        first_step: 1, or where a resumed run goes on.
        epoch: what an epoch takes of the two domains, in words; empty for a data set that does not say.
        accumulate: batches of a step.
        processes: how many train together, each on its own batches.
        precision: of what networks compute: fp32, bf16 or fp16.
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


@dataclass(frozen=True)
class RunResult:
    """What a run came to.

    Attributes:
        work_dir: where it wrote.
        step: the last step that was done.
        metrics: by name; empty where the config has none.
        checkpoint: the last one.
        paused: the run stopped before its end because it was told to; it can go on.
        missing: why numbers or metrics could not be measured, by name.
        best: the best measurement of the run: ``metric`` (the number that decides), ``better``, ``step``, ``value``,
            ``metrics``; empty where nothing was measured that tells better from worse.
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


class Reporter(Protocol):
    """Watches a run. Calls come from the training process, in order."""

    def start(self, summary: RunSummary) -> None:
        """Take note of a run that begins."""

    def step(self, step: int, epoch: int, rate: float, eta: float, losses: Mapping[str, float]) -> None:
        """Take note of a step; not every step is told.

        Args:
            step, epoch: from 1.
            rate: steps per second, lately.
            eta: seconds until the last step at that rate.
            losses: unweighted, by the name of the term.
        """

    def note(self, text: str) -> None:
        """Show one sentence to the user."""

    def finish(self, result: RunResult) -> None:
        """Take note of the end of a run that was not interrupted."""


class SilentReporter:
    """Shows nothing."""

    def start(self, summary: RunSummary) -> None:
        """Take no note."""

    def step(self, step: int, epoch: int, rate: float, eta: float, losses: Mapping[str, float]) -> None:
        """Take no note."""

    def note(self, text: str) -> None:
        """Take no note."""

    def finish(self, result: RunResult) -> None:
        """Take no note."""


def format_missing(missing: Mapping[str, str]) -> list[str]:
    """Return a sentence for each reason, with the names of the metrics that cannot be measured for it."""
    names: dict[str, list[str]] = {}
    for name, reason in missing.items():
        names.setdefault(reason, []).append(name)
    return [f"{', '.join(found)} cannot be measured: {reason}" for reason, found in names.items()]
