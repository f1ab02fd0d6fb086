"""`i2ikit benchmark`: train several configs under one budget and compare them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from i2ikit.argument_types import LARGEST
from i2ikit.cli.completion import complete_config
from i2ikit.cli.console import INTERRUPTED, complain, make_table, out, write
from i2ikit.cli.options import DataFolder, Device, Overrides, Recipes, recipe_names, takes
from i2ikit.errors import I2IKitError, no_such

if TYPE_CHECKING:
    from i2ikit.benchmark.tables import Row, Table

MOST_SLICES = 1000  # each is a process of its own
MOST_MINUTES = 10**6  # about two years


def _seeds(text: str) -> list[int]:
    try:
        values = [int(part) for part in text.split(",")]
    except ValueError:
        values = [-1]
    if min(values) < 0 or max(values) > LARGEST or len(set(values)) < len(values):
        raise typer.BadParameter(f"{text!r} is not a list of different integers in 0..2**63 - 1, such as 0,1,2.")
    return values


@dataclass(frozen=True)
class BenchmarkOptions:
    """The arguments and options of `i2ikit benchmark`."""

    configs: Annotated[
        list[str],
        typer.Argument(
            metavar="CONFIG...", help="Config files, or names of packaged configs.", autocompletion=complete_config
        ),
    ]
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, metavar="N", help="Steps of each run; with --minutes: at most.")
    ] = None
    minutes: Annotated[
        float | None,
        typer.Option(
            "--minutes",
            min=0.001,
            max=MOST_MINUTES,
            metavar="M",
            help="Minutes of training of each run; steps are timed first.",
        ),
    ] = None
    seeds: Annotated[
        Any, typer.Option("--seeds", parser=_seeds, metavar="0,1,2", help="Seeds: one run of each config for each.")
    ] = "0"
    data: DataFolder = None
    folder: Annotated[Path, typer.Option("--out", metavar="DIR", help="Output folder.")] = Path("runs/benchmark")
    recipes: Recipes = None
    overrides: Overrides = None
    slices: Annotated[
        int,
        typer.Option(
            "--slices", min=1, max=MOST_SLICES, metavar="N", help="Parts that each run is cut into, to take turns."
        ),
    ] = 5
    evaluations: Annotated[int, typer.Option("--evaluations", min=1, metavar="N", help="Measurements of each run.")] = (
        10
    )
    quality: Annotated[
        list[str] | None,
        typer.Option("--quality", metavar="METRIC=VALUE", help="Report the time to this quality. Repeatable."),
    ] = None
    device: Device = "auto"


@takes(BenchmarkOptions)
def benchmark(options: BenchmarkOptions) -> None:
    """Train several configs under one budget and compare them.

    They are trained in turns; the report has speed, memory and quality. The same command resumes an interrupted
    benchmark, and shows the tables of a finished one.
    """
    from i2ikit.benchmark.output import write_results
    from i2ikit.benchmark.plan import BenchmarkPlan, keep_plan, make_plan
    from i2ikit.benchmark.results import summarize
    from i2ikit.benchmark.slices import find_lengths, take_turns
    from i2ikit.benchmark.tables import tables

    wanted = BenchmarkPlan(
        entries=[],
        seeds=options.seeds,
        steps=options.steps,
        minutes=options.minutes,
        slices=options.slices,
        evaluations=options.evaluations,
        device=options.device,
    )
    names = recipe_names(options.recipes)
    plan = make_plan(wanted, options.configs, data=options.data, overrides=options.overrides or [], recipes=names)
    quality = qualities(options.quality or (), plan.entries[0].config.get("metrics", {}))
    try:
        plan = find_lengths(keep_plan(options.folder, plan), options.folder, write)
        failures = take_turns(plan, options.folder, write)
    except KeyboardInterrupt:
        complain("interrupted; the same command resumes the benchmark.")
        raise typer.Exit(INTERRUPTED) from None
    results = summarize(plan, options.folder, failures=failures)
    if quality:
        results = summarize(plan, options.folder, targets(quality, results["metrics"]), failures)
    report = write_results(options.folder, results, plan.runs(options.folder))
    for table in tables(results):
        print_table(table, out().width)
    write(f"report {report}")
    if failures:
        raise typer.Exit(1)


def qualities(texts: Sequence[str], metrics: Collection[str]) -> dict[str, float]:
    """Return the qualities of ``METRIC=VALUE`` by metric; called before the training, which may take hours.

    Args:
        texts: of the user.
        metrics: names in the section ``metrics`` of the configs, with which the names of their values begin.

    Raises:
        I2IKitError: the configs have no such metric, or the value is not a number.
    """
    found = {}
    for text in texts:
        name, _, value = text.partition("=")
        if name.partition(".")[0] not in metrics:
            raise I2IKitError(f"--quality {text}: {no_such('metric', name.partition('.')[0], metrics)}")
        try:
            found[name] = float(value)
        except ValueError:
            raise I2IKitError(f"--quality {text}: {value!r} is not a number.") from None
    return found


def targets(wanted: Mapping[str, float], known: Mapping[str, Any]) -> dict[str, float]:
    """Return qualities by metric as they are.

    Raises:
        I2IKitError: no such metric with a direction was measured.
    """
    for name, value in wanted.items():
        if not known.get(name, {}).get("better"):
            ordered = [each for each, about in known.items() if about.get("better")]
            raise I2IKitError(f"--quality {name}={value:g}: {no_such('measured value', name, ordered)}")
    return dict(wanted)


def print_table(table: "Table", width: int) -> None:
    """Print a table, the best value of each column with a star; one wider than ``width`` continues below."""
    title = table.title
    for columns in pieces(table, width):
        heads = [table.head[index] for index in columns]
        rows = [[starred(row, index) for index in columns] for row in table.rows]
        out().print(make_table(heads, rows, right=heads[1:], title=title))
        title = f"{table.title}, continued"
    write((table.lead, "dim"))
    write()


def starred(row: "Row", column: int) -> str:
    """Return a cell, with a star where it is the best value of its column."""
    return row.cells[column] + "*" * (column in row.best)


def pieces(table: "Table", width: int) -> list[list[int]]:
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
