"""Compare methods under one budget: `python tools/benchmark.py cut/stripes enco/stripes --steps 1000 --seeds 0,1`.

Every config is trained with the same data, the same seeds and the same number of steps (or the same minutes), in turns,
slice by slice, each slice in a process of its own. The folder gets results.json, results.csv, plots and index.html.
The same command again goes on where it was interrupted, and shows the tables of a comparison that is finished.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from i2ikit.benchmark.folder import Run, runs
from i2ikit.benchmark.output import tables, write_results
from i2ikit.benchmark.plan import BenchmarkError, Request, keep_plan, make_plan
from i2ikit.benchmark.summary import summarize
from i2ikit.benchmark.tables import Row, Table
from i2ikit.benchmark.turns import find_lengths, take_turns
from i2ikit.cli.console import complain
from i2ikit.errors import I2IKitError, nearest_hint


class Printer:
    """Prints a line for each slice."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def trial(self, label: str) -> None:
        """Say that a method is timed."""
        self.line(f"timing {label}")

    def slice(self, run: Run, first: int, last: int, number: int, count: int) -> None:
        """Say which slice begins."""
        self.line(f"[{number}/{count}] {run.name}: steps {first} to {last} of {run.entry.steps}")

    def failed(self, run: Run, reason: str) -> None:
        """Say which run is given up."""
        self.line(f"{run.name} failed, the others go on: {reason}")

    def line(self, text: str) -> None:
        """Print one line as it is, however long."""
        self.console.print(text, markup=False, soft_wrap=True)


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(prog="benchmark.py", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("configs", nargs="+", metavar="CONFIG", help="a config file, or the name of a packaged one")
    parser.add_argument("--steps", type=positive, metavar="N", help="steps of each run; with --minutes: at most")
    parser.add_argument("--minutes", type=float, metavar="M", help="of training for each run, timed before the start")
    parser.add_argument("--seeds", type=whole_numbers, default=[0], metavar="0,1,2", help="runs of each config")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with trainA, trainB, testA and testB")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmark"), metavar="DIR", help="where to write")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a key of every config")
    parser.add_argument("--slices", type=positive, default=5, metavar="N", help="parts of each run")
    parser.add_argument("--evaluations", type=positive, default=10, metavar="N", help="measurements of each run")
    parser.add_argument("--quality", action="append", default=[], metavar="METRIC=VALUE", help="time to this quality")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
    return parser.parse_args(arguments)


def positive(text: str) -> int:
    """Return a whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def whole_numbers(text: str) -> list[int]:
    """Return the whole numbers, from 0 up, of a list with commas."""
    values = [int(part) for part in text.split(",")]
    if min(values) < 0:
        raise ValueError(text)
    return values


def targets(texts: Sequence[str], known: Mapping[str, Any]) -> dict[str, float]:
    """Return the qualities of ``METRIC=VALUE``.

    Raises:
        BenchmarkError: there is no such metric with a better end, or the value is no number.
    """
    found = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not known.get(name, {}).get("better"):
            raise BenchmarkError(f"--quality {text}: no metric {name!r} was measured.{nearest_hint(name, known)}")
        try:
            found[name] = float(value)
        except ValueError:
            raise BenchmarkError(f"--quality {text}: {value!r} is no number.") from None
    return found


def print_table(console: Console, table: Table) -> None:
    """Print a table, the best figure of each column bold and with a star; one too wide goes on below, in pieces."""
    title = table.title
    for columns in pieces(table, console.width):
        shown = RichTable(title=title, title_justify="left", title_style="bold", box=None, header_style="dim")
        for index in columns:
            shown.add_column(table.head[index], justify="right" if index else "left", overflow="fold")
        for row in table.rows:
            shown.add_row(*(Text(starred(row, index), "bold green" * (index in row.best)) for index in columns))
        console.print(shown)
        title = f"{table.title}, continued"
    console.print(Text(table.lead, style="dim"))
    console.print()


def starred(row: Row, column: int) -> str:
    """Return a cell, with a star where it is the best figure of its column."""
    return row.cells[column] + "*" * (column in row.best)


def pieces(table: Table, width: int) -> list[list[int]]:
    """Return the columns of each piece of a table, as many as fit side by side; the first column begins each."""
    widths = [
        max(len(head), *(len(starred(row, column)) for row in table.rows)) + 2 for column, head in enumerate(table.head)
    ]
    found = [[0]]
    for column in range(1, len(widths)):
        if len(found[-1]) > 1 and sum(widths[each] for each in [*found[-1], column]) > width:
            found.append([0])
        found[-1].append(column)
    return found


def print_agreement(console: Console, results: Mapping[str, Any]) -> None:
    """Print how far metrics without truth agree with those that know it."""
    for name, row in results["agreement"].items():
        said = ", ".join(f"{other} {value:+.2f}" for other, value in row.items() if value is not None)
        if said:
            console.print(Text(f"{name} ranks the measurements like (1 is perfectly): {said}"), soft_wrap=True)


def compare(options: argparse.Namespace, console: Console) -> int:
    """Run the comparison; return the exit code."""
    request = Request(
        configs=options.configs,
        seeds=options.seeds,
        steps=options.steps,
        minutes=options.minutes,
        data=options.data,
        overrides=options.set,
        slices=options.slices,
        evaluations=options.evaluations,
        device=options.device,
    )
    printer = Printer(console)
    plan = find_lengths(keep_plan(options.out, make_plan(request)), options.out, printer)
    failures = take_turns(plan, options.out, printer)
    results = summarize(plan, options.out, failures=failures)
    if options.quality:
        results = summarize(plan, options.out, targets(options.quality, results["metrics"]), failures)
    page = write_results(options.out, results, runs(plan, options.out))
    for table in tables(results):
        print_table(console, table)
    print_agreement(console, results)
    printer.line(f"page {page}")
    return 1 if failures else 0


def main(arguments: Sequence[str]) -> int:
    """Run the program; a user's error is one message."""
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False, emoji=False)
    try:
        return compare(read_arguments(arguments), console)
    except I2IKitError as error:
        complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        complain("interrupted; the same command goes on from here.")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
