"""Shows the progress of a run: a live display on a terminal, plain lines elsewhere."""

import time
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from i2ikit.cli.console import PLAIN_EVERY, make_table, out
from i2ikit.engine.reporter import (
    Reporter,
    RunResult,
    RunSummary,
    format_duration,
    format_length,
    format_missing,
    format_pace,
)
from i2ikit.errors import counted, printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

REFRESH = 4  # redraws a second


def make_reporter() -> "RichReporter":
    """Return the reporter that fits standard output."""
    console = out()
    in_notebook = console.is_jupyter and find_spec("ipywidgets") is not None  # which rich needs for a live display
    return LiveReporter(console) if console.is_terminal or in_notebook else RichReporter(console)


class RichReporter(Reporter):
    """Prints plain lines: a step at most every ten seconds, and the last one. Close it after an error, too.

    Args:
        console: where to print.
    """

    def __init__(self, console: "Console") -> None:
        self.console = console
        self.steps = self.epochs = 0
        self._next_line = 0.0

    def start(self, summary: RunSummary) -> None:
        """Print the summary of the run."""
        self.steps, self.epochs = summary.steps, summary.epochs
        for name, value in describe(summary).items():
            self.note(f"{name:<10}{value}")
        if summary.warning:
            self.note(f"Warning: {summary.warning}")

    def step(self, step: int, epoch: int, rate: float, eta: float, losses: Mapping[str, float]) -> None:
        """Print a step, unless one was printed less than ten seconds ago."""
        now = time.monotonic()
        if now < self._next_line and step < self.steps:
            return
        self._next_line = now + PLAIN_EVERY
        position = f"epoch {epoch}/{self.epochs}  step {step}/{self.steps}"
        self.note(f"{position}  {format_pace(rate)}  {format_duration(eta)} left  {format_losses(losses)}")

    def finish(self, result: RunResult) -> None:
        """Print the metrics at the last and the best step as a table, and the paths of the results."""
        self.close()
        if result.metrics:
            self.console.print(metrics_table(result))
        for sentence in format_missing(result.missing):
            self.note(sentence)
        if result.checkpoint is not None:
            self.note(f"checkpoint {result.checkpoint}")
        self.note(f"results    {result.work_dir}")
        if result.paused:
            self.note(f"paused     after step {result.step} of {self.steps}; continue with --resume")

    def note(self, text: str) -> None:
        """Print one line as it is, without wrapping."""
        self.console.print(printable(text), markup=False, soft_wrap=True)

    def close(self) -> None:
        """Stop the live display, if there is one."""


class LiveReporter(RichReporter):
    """Live display for a terminal: epoch, progress bar, step, steps per second, time left, and the losses below."""

    def __init__(self, console: "Console") -> None:
        super().__init__(console)
        self._live: Any = None

    def start(self, summary: RunSummary) -> None:
        """Print the summary of the run, and start the display."""
        from rich.live import Live
        from rich.progress import BarColumn, Progress, TextColumn

        super().start(summary)
        fields = ("epoch {task.fields[epoch]}", "{task.completed}/{task.total} steps", "{task.fields[rate]}")
        epoch, *rest = (TextColumn(field) for field in fields)
        self._progress = Progress(epoch, BarColumn(None), *rest, console=self.console, expand=True)
        self._task = self._progress.add_task("", total=summary.steps, epoch=f"1/{summary.epochs}", rate="")
        self._progress.update(self._task, completed=summary.first_step - 1)
        self._live = Live(self._progress, console=self.console, refresh_per_second=REFRESH)
        self._live.start()

    def step(self, step: int, epoch: int, rate: float, eta: float, losses: Mapping[str, float]) -> None:
        """Update the bar and the losses."""
        from rich.console import Group
        from rich.text import Text

        pace = f"{format_pace(rate)}, {format_duration(eta)} left"
        self._progress.update(self._task, completed=step, epoch=f"{epoch}/{self.epochs}", rate=pace)
        self._live.update(Group(self._progress, Text(format_losses(losses), style="dim")))

    def close(self) -> None:
        """Stop the display; its last state stays on the terminal."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def describe(summary: RunSummary) -> dict[str, str]:
    """Return the summary of a run as lines, by their titles."""
    networks = ", ".join(f"{name} {count:,}" for name, count in summary.networks.items())
    begin = f", resumed at step {summary.first_step}" if summary.first_step > 1 else ""
    return {
        "networks": f"{networks} parameters",
        "data": f"{summary.epoch or counted(summary.train_images, 'training item')}, "
        f"{counted(summary.test_images, 'test item')}",
        "length": f"{format_length(summary.steps, summary.epochs, summary.steps_per_epoch)}, "
        f"batch {format_batch(summary)}{begin}",
        "rate": summary.rate,
        "device": f"{summary.device}, {summary.precision}, seed {summary.seed}",
        "results": str(summary.work_dir),
    }


def format_batch(summary: RunSummary) -> str:
    """Return the images per domain and step: ``1``, or ``8 (1 in each of 2 processes, 4 times)``."""
    if summary.processes == summary.accumulate == 1:
        return str(summary.batch_size)
    total = summary.batch_size * summary.processes * summary.accumulate
    ranks = f" in each of {summary.processes} processes" if summary.processes > 1 else ""
    times = f", {summary.accumulate} times" if summary.accumulate > 1 else ""
    return f"{total} ({summary.batch_size}{ranks}{times})"


def metrics_table(result: RunResult) -> "Table":
    """Return a table of the metrics at the last step and, if there is one, at the best step."""
    columns = [f"last, step {result.step}"]
    best = result.best.get("metrics", {})
    if best:
        columns.append(f"best {result.best['metric']}, step {result.best['step']}")
    rows = []
    for name, value in result.metrics.items():
        rows.append([name, f"{value:.4g}", *([f"{best[name]:.4g}" if name in best else ""] if best else [])])
    return make_table(["metric", *columns], rows, right=columns)


def format_losses(losses: Mapping[str, float]) -> str:
    """Return the losses of all terms as one line."""
    return "  ".join(f"{name} {value:.4g}" for name, value in losses.items())
