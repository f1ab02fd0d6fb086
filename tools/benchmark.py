"""Compare methods under one budget: `python tools/benchmark.py cut/stripes enco/stripes --steps 1000 --seeds 0,1`.

Every config is trained with the same data, the same seeds and the same number of steps (or the same minutes), in turns,
slice by slice, each slice in a process of its own. The folder gets results.json, .csv and .md, plots and index.html.
The same command resumes a benchmark that was interrupted, and shows the tables of one that is finished.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from i2ikit.benchmark.output import write_results
from i2ikit.benchmark.plan import BenchmarkError, BenchmarkPlan, keep_plan, make_plan
from i2ikit.benchmark.results import summarize
from i2ikit.benchmark.slices import find_lengths, take_turns
from i2ikit.benchmark.tables import Row, Table, tables
from i2ikit.cli.console import complain, make_table
from i2ikit.errors import I2IKitError, nearest_hint


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(prog="benchmark.py", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("configs", nargs="+", metavar="CONFIG", help="a config file, or the name of a packaged one")
    parser.add_argument("--steps", type=positive, metavar="N", help="steps of each run; with --minutes: at most")
    parser.add_argument("--minutes", type=float, metavar="M", help="of training for each run; steps are timed first")
    parser.add_argument("--seeds", type=natural_numbers, default=[0], metavar="0,1,2", help="runs of each config")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with trainA, trainB, testA and testB")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmark"), metavar="DIR", help="where to write")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a key of every config")
    parser.add_argument("--slices", type=positive, default=5, metavar="N", help="parts of each run")
    parser.add_argument("--evaluations", type=positive, default=10, metavar="N", help="measurements of each run")
    parser.add_argument("--quality", action="append", default=[], metavar="METRIC=VALUE", help="time to this quality")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
    return parser.parse_args(arguments)


def positive(text: str) -> int:
    """Return an integer of at least 1."""
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def natural_numbers(text: str) -> list[int]:
    """Return the integers, from 0 up, of a list with commas."""
    values = [int(part) for part in text.split(",")]
    if min(values) < 0:
        raise ValueError(text)
    return values


def targets(texts: Sequence[str], known: Mapping[str, Any]) -> dict[str, float]:
    """Return the qualities of ``METRIC=VALUE``.

    Raises:
        BenchmarkError: no such metric with an order was measured, or the value is not a number.
    """
    found = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not known.get(name, {}).get("better"):
            raise BenchmarkError(f"--quality {text}: no metric {name!r} was measured.{nearest_hint(name, known)}")
        try:
            found[name] = float(value)
        except ValueError:
            raise BenchmarkError(f"--quality {text}: {value!r} is not a number.") from None
    return found


def print_table(console: Console, table: Table) -> None:
    """Print a table, the best value of each column with a star; a wide one continues below."""
    title = table.title
    for columns in pieces(table, console.width):
        heads = [table.head[index] for index in columns]
        rows = [[starred(row, index) for index in columns] for row in table.rows]
        console.print(make_table(heads, rows, right=heads[1:], title=title))
        title = f"{table.title}, continued"
    console.print(Text(table.lead, style="dim"))
    console.print()


def starred(row: Row, column: int) -> str:
    """Return a cell, with a star where it is the best value of its column."""
    return row.cells[column] + "*" * (column in row.best)


def pieces(table: Table, width: int) -> list[list[int]]:
    """Return the columns of each piece of a table, as many as fit side by side; each begins with the first column."""
    widths = [
        max(len(head), *(len(starred(row, column)) for row in table.rows)) + 2 for column, head in enumerate(table.head)
    ]
    found = [[0]]
    for column in range(1, len(widths)):
        if len(found[-1]) > 1 and sum(widths[each] for each in [*found[-1], column]) > width:
            found.append([0])
        found[-1].append(column)
    return found


def compare(options: argparse.Namespace, console: Console) -> int:
    """Run the benchmark; return the exit code."""

    def note(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    wanted = BenchmarkPlan(
        entries=[],
        seeds=options.seeds,
        steps=options.steps,
        minutes=options.minutes,
        slices=options.slices,
        evaluations=options.evaluations,
        device=options.device,
    )
    plan = make_plan(wanted, options.configs, data=options.data, overrides=options.set)
    plan = find_lengths(keep_plan(options.out, plan), options.out, note)
    failures = take_turns(plan, options.out, note)
    results = summarize(plan, options.out, failures=failures)
    if options.quality:
        results = summarize(plan, options.out, targets(options.quality, results["metrics"]), failures)
    report = write_results(options.out, results, plan.runs(options.out))
    for table in tables(results):
        print_table(console, table)
    note(f"report {report}")
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
        complain("interrupted; the same command resumes it.")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
