"""The tables of a benchmark as plain data, for a terminal, the HTML report and Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from i2ikit.report.record import best_indices

Found = Mapping[str, Any]
Cell = tuple[float | None, str]  # the value that is compared (None: not compared) and its text
Columns = dict[str, tuple[str, list[Cell]]]  # by head: which values are better, and a cell for each row
UNKNOWN = "–"


@dataclass(frozen=True)
class Row:
    """Cells as text, and the columns in which this row has the best value."""

    cells: list[str]
    best: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Table:
    """A titled table; the first column names the rows."""

    title: str
    lead: str
    head: list[str]
    rows: list[Row]


def tables(results: Found) -> list[Table]:
    """Return all tables of a benchmark that have values.

    Args:
        results: of :func:`summarize`.
    """
    found = [speed_table(results), *quality_tables(results), agreement_table(results)]
    return [table for table in found if len(table.head) > 1]


def speed_table(results: Found) -> Table:
    """Return what each method costs."""
    lead = (
        "Seconds per step: the median, and the 10th and 90th percentile. Memory: what training needs on top of the "
        "program. Multiply-accumulates of convolutions and matrix products, forward and backward."
    )
    methods = results["methods"]
    columns: Columns = {
        "steps": ("", [(None, f"{each['steps']:,}") for each in methods]),
        "s/step": ("lower", [_pace(each["seconds_per_step"]) for each in methods]),
        "images/s": ("higher", [mean_and_spread(each["images_per_second"], 3) for each in methods]),
        "minutes": ("lower", [mean_and_spread(each["minutes"], 3) for each in methods]),
        "memory MiB": ("lower", [_value(each["memory"], 2**20, ",.0f") for each in methods]),
        "parameters M": ("lower", [_value(each["parameters"], 1e6, ".3g") for each in methods]),
        "GMAC/step": ("lower", [_value(each["gmacs"], 1, ".4g") for each in methods]),
    }
    return _table("Speed", lead, ["method", *map(_name, methods)], columns)


def quality_tables(results: Found) -> list[Table]:
    """Return the last and the best value of each metric, and the time to the target."""
    last: Columns = {}
    best: Columns = {}
    time: Columns = {}
    for name, metric in results["metrics"].items():
        found = [each["metrics"].get(name, {}) for each in results["methods"]]
        better, target = metric["better"], metric["target"]
        head = name + {"lower": " ↓", "higher": " ↑", "": ""}[better]
        last[head] = better, [mean_and_spread(each.get("last"), 4) for each in found]
        if better:
            best[head] = better, [_best(each) for each in found]
        if target is not None:
            time[f"{name} {'≤' if better == 'lower' else '≥'} {target:.3g}"] = "lower", [_time(each) for each in found]
    seeds = len(results["plan"]["seeds"])
    over = f"Mean and standard deviation over {seeds} seeds." if seeds > 1 else "A single seed: the spread is unknown."
    step = "the mean of the seeds' steps" if seeds > 1 else "its step"
    texts = {
        "Quality at the end": f"The last measurement of each run: the model that you get. {over}",
        "Best quality": f"The best measurement of each run, and {step}; selecting it needs measurements. {over}",
        "Time to quality": "Minutes of training until a quality was first measured; by default one that every method "
        "reaches.",
    }
    names = ["method", *map(_name, results["methods"])]
    shown = zip(texts.items(), (last, best, time), strict=True)
    return [_table(title, lead, names, columns) for (title, lead), columns in shown]


def agreement_table(results: Found) -> Table:
    """Return how well metrics without truth agree in rank with those against paired truth; empty without truth."""
    found: Mapping[str, Mapping[str, float | None]] = results["agreement"]
    truth = dict.fromkeys(other for row in found.values() for other in row)
    count = sum(len(run["evaluations"]) for run in results["runs"])
    lead = f"Spearman's rank correlation over {count} measurements of all runs: 1 is the same order, 0 no relation."
    columns = {other: ("", [_value(row.get(other), 1, "+.2f") for row in found.values()]) for other in truth}
    return _table("Agreement with the paired truth", lead, ["metric", *found], columns)


def mean_and_spread(found: Mapping[str, float] | None, digits: int) -> Cell:
    """Return mean and standard deviation over seeds; a single seed has no spread."""
    if found is None:
        return None, UNKNOWN
    spread = f" ± {found['spread']:.2g}" if found["spread"] else ""
    return found["mean"], f"{found['mean']:.{digits}g}{spread}"


def _table(title: str, lead: str, names: Sequence[str], columns: Columns) -> Table:
    """Return a table; ``names`` is its first column, head included."""
    best = [best_indices([value for value, _ in cells], better) for better, cells in columns.values()]
    rows = [
        Row(
            [name, *(cells[row][1] for _, cells in columns.values())],
            {i for i, winners in enumerate(best, start=1) if row in winners},
        )
        for row, name in enumerate(names[1:])
    ]
    return Table(title, lead, [names[0], *columns], rows)


def _name(method: Found) -> str:
    return f"{method['label']} ({method['failed']} failed)" if method["failed"] else str(method["label"])


def _pace(pace: Mapping[str, float] | None) -> Cell:
    if pace is None:
        return None, UNKNOWN
    return pace["median"], f"{pace['median']:.3g} ({pace['low']:.3g}–{pace['high']:.3g})"


def _value(value: float | None, unit: float, form: str) -> Cell:
    return value, UNKNOWN if value is None else f"{value / unit:{form}}"


def _best(metric: Found) -> Cell:
    value, text = mean_and_spread(metric.get("best"), 4)
    step = metric.get("best_step")
    return value, f"{text} at {step['mean']:,.0f}" if step else text


def _time(metric: Found) -> Cell:
    seconds = metric.get("seconds_to_target")
    return (None, "never") if seconds is None else (seconds["mean"], f"{seconds['mean'] / 60:.3g}")
