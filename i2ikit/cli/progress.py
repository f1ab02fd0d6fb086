"""Shows a run: a live display on a terminal, a plain line now and then anywhere else."""

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from i2ikit.cli.console import out
from i2ikit.engine.reporter import Reporter, RunResult, RunSummary, reasons_in_words

if TYPE_CHECKING:
    from rich.console import Console

PLAIN_EVERY = 10.0  # seconds between lines where there is no terminal
REFRESH = 4  # redraws a second


def make_reporter() -> "RichReporter":
    """Return the reporter that suits standard output."""
    console = out()
    return LiveReporter(console) if console.is_terminal else RichReporter(console)


class RichReporter(Reporter, AbstractContextManager["RichReporter"]):
    """Prints a run line by line, without control characters: a step at most every ten seconds, and the last one.

    Args:
        console: where to print.
    """

    def __init__(self, console: "Console") -> None:
        self.console = console
        self.steps = self.epochs = 0
        self._next_line = 0.0

    def start(self, summary: RunSummary) -> None:
        """Print what the run is about to do."""
        self.steps, self.epochs = summary.steps, summary.epochs
        for name, value in describe(summary).items():
            self.line(f"{name:<10}{value}")

    def step(self, step: int, epoch: int, rate: float, eta: float, losses: Mapping[str, float]) -> None:
        """Print a step if it is time for one."""
        now = time.monotonic()
        if now < self._next_line and step < self.steps:
            return
        self._next_line = now + PLAIN_EVERY
        place = f"epoch {epoch}/{self.epochs}  step {step}/{self.steps}"
        self.line(f"{place}  {rate:.1f} steps/s  {duration(eta)} left  {losses_in_words(losses)}")

    def note(self, text: str) -> None:
        """Print one sentence."""
        self.line(text)

    def finish(self, result: RunResult) -> None:
        """Print the metrics at the last and the best step as a table, and where everything is."""
        if result.metrics:
            self.console.print(metrics_table(result))
        for sentence in reasons_in_words(result.missing):
            self.line(sentence)
        if result.checkpoint is not None:
            self.line(f"checkpoint {result.checkpoint}")
        self.line(f"results    {result.work_dir}")
        if result.paused:
            self.line(f"paused     after step {result.step} of {self.steps}; go on with the same command and --resume")

    def line(self, text: str) -> None:
        """Print one line as it is, however long."""
        self.console.print(text, markup=False, soft_wrap=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""


class LiveReporter(RichReporter):
    """Shows a run on a terminal: epoch, bar, step, steps per second, time left, and below them the losses."""

    def __init__(self, console: "Console") -> None:
        super().__init__(console)
        self._live: Any = None

    def start(self, summary: RunSummary) -> None:
        """Print what the run is about to do, and begin to draw."""
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
        """Move the bar and show the losses."""
        from rich.console import Group
        from rich.text import Text

        pace = f"{rate:.1f} steps/s, {duration(eta)} left"
        self._progress.update(self._task, completed=step, epoch=f"{epoch}/{self.epochs}", rate=pace)
        self._live.update(Group(self._progress, Text(losses_in_words(losses), style="dim")))

    def finish(self, result: RunResult) -> None:
        """End the drawing, then print the result."""
        self.stop()
        super().finish(result)

    def stop(self) -> None:
        """End the drawing; what was drawn last stays."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the drawing, also after an error."""
        self.stop()


def describe(summary: RunSummary) -> dict[str, str]:
    """Return what a run is about to do, line by line."""
    networks = ", ".join(f"{name} {count:,}" for name, count in summary.networks.items())
    begin = f", going on with step {summary.first_step}" if summary.first_step > 1 else ""
    return {
        "networks": f"{networks} parameters",
        "data": f"{summary.epoch or f'{summary.train_images} training items'}, {summary.test_images} test items",
        "length": f"{summary.steps} steps in {summary.epochs} epochs of {summary.steps_per_epoch}, "
        f"batch {batch_in_words(summary)}{begin}",
        "device": f"{summary.device}, {summary.precision}, seed {summary.seed}",
        "results": str(summary.work_dir),
    }


def batch_in_words(summary: RunSummary) -> str:
    """Return how many images of each domain make a step: ``1``, or ``8 (1 in each of 2 processes, 4 times)``."""
    if summary.processes == summary.accumulate == 1:
        return str(summary.batch_size)
    total = summary.batch_size * summary.processes * summary.accumulate
    places = f" in each of {summary.processes} processes" if summary.processes > 1 else ""
    times = f", {summary.accumulate} times" if summary.accumulate > 1 else ""
    return f"{total} ({summary.batch_size}{places}{times})"


def metrics_table(result: RunResult) -> Any:
    """Return a table of numbers by name: at the last step, and at the one that was best by the run's own measure."""
    from rich.table import Table

    table = Table("metric", box=None, pad_edge=False, header_style="bold")
    table.add_column(f"last, step {result.step}", justify="right")
    best = result.best.get("metrics", {})
    if best:
        table.add_column(f"best {result.best['metric']}, step {result.best['step']}", justify="right")
    for name, value in result.metrics.items():
        table.add_row(name, f"{value:.4g}", *([f"{best[name]:.4g}" if name in best else ""] if best else []))
    return table


def losses_in_words(losses: Mapping[str, float]) -> str:
    """Return losses as one line, by the names of their terms."""
    return "  ".join(f"{name} {value:.4g}" for name, value in losses.items())


def duration(seconds: float) -> str:
    """Return a time as a person says it: ``45 s``, ``12 min``, ``3 h 20 min``; ``?`` where it is not known."""
    if not 0 <= seconds < float("inf"):
        return "?"
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
