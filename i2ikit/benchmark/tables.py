"""The tables of a benchmark as plain data, for a terminal, the HTML report and Markdown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from i2ikit.report.record import best_indices

Found = Mapping[str, Any]
Cell = tuple[float | None, str]  # the value that is compared (None: not compared) and its text
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


@dataclass(frozen=True)
class Column:
    """One column: its head, the cell of a method, and which values are better."""

    head: str
    cell: Callable[[Found], Cell]
    better: str = "lower"


def tables(results: Found) -> list[Table]:
    """Return all tables of a benchmark that have values.

    Args:
        results: of :func:`summarize`.
    """
    return [speed_table(results), *quality_tables(results), *agreement_table(results)]


def speed_table(results: Found) -> Table:
    """Return what each method costs."""
    columns = [
        Column("steps", lambda method: (None, f"{method['steps']:,}")),
        Column("s/step", lambda method: _pace(method["seconds_per_step"])),
        Column("images/s", lambda method: mean_and_spread(method["images_per_second"], 3), "higher"),
        Column("minutes", lambda method: mean_and_spread(method["minutes"], 3)),
        Column("memory MiB", lambda method: _value(method["memory"], 2**20, ",.0f")),
        Column("parameters M", lambda method: _value(method["parameters"], 1e6, ".3g")),
        Column("GMAC/step", lambda method: _value(method["gmacs"], 1, ".4g")),
    ]
    lead = (
        "Seconds per step: the median, and the 10th and 90th percentile. Memory: what training needs on top of the "
        "program. Multiply-accumulates of convolutions and matrix products, forward and backward."
    )
    return _table("Speed", lead, columns, results["methods"])


def quality_tables(results: Found) -> list[Table]:
    """Return the last and the best value of each metric, and the time to the target."""
    seeds = len(results["plan"]["seeds"])
    over = f"Mean and standard deviation over {seeds} seeds." if seeds > 1 else "A single seed: the spread is unknown."
    step = "the mean of the seeds' steps" if seeds > 1 else "its step"
    metrics = results["metrics"].items()
    found = [
        (
            "Quality at the end",
            f"The last measurement of each run: the model that you get. {over}",
            [Column(name + _arrow(metric), _quality(name, "last"), metric["better"]) for name, metric in metrics],
        ),
        (
            "Best quality",
            f"The best measurement of each run, and {step}; selecting it needs measurements. {over}",
            [
                Column(name + _arrow(metric), _quality(name, "best"), metric["better"])
                for name, metric in metrics
                if metric["better"]
            ],
        ),
        (
            "Time to quality",
            "Minutes of training until a quality was first measured; by default one that every method reaches.",
            [
                Column(f"{name} {'≤' if metric['better'] == 'lower' else '≥'} {metric['target']:.3g}", _time(name))
                for name, metric in metrics
                if metric["target"] is not None
            ],
        ),
    ]
    return [_table(title, lead, columns, results["methods"]) for title, lead, columns in found if columns]


def agreement_table(results: Found) -> list[Table]:
    """Return how well metrics without truth agree in rank with those against paired truth; empty without truth."""
    found: Mapping[str, Mapping[str, float | None]] = results["agreement"]
    truth = list(dict.fromkeys(other for row in found.values() for other in row))
    if not truth:
        return []
    count = sum(len(run["evaluations"]) for run in results["runs"])
    lead = f"Spearman's rank correlation over {count} measurements of all runs: 1 is the same order, 0 no relation."
    rows = [
        Row([name, *(UNKNOWN if row.get(other) is None else f"{row[other]:+.2f}" for other in truth)])
        for name, row in found.items()
    ]
    return [Table("Agreement with the paired truth", lead, ["metric", *truth], rows)]


def mean_and_spread(found: Mapping[str, float] | None, digits: int) -> Cell:
    """Return mean and standard deviation over seeds; a single seed has no spread."""
    if found is None:
        return None, UNKNOWN
    spread = f" ± {found['spread']:.2g}" if found["spread"] else ""
    return found["mean"], f"{found['mean']:.{digits}g}{spread}"


def _table(title: str, lead: str, columns: Sequence[Column], methods: Sequence[Found]) -> Table:
    cells = [[column.cell(method) for method in methods] for column in columns]
    best = [
        best_indices([value for value, _ in each], column.better) for each, column in zip(cells, columns, strict=True)
    ]
    rows = [
        Row(
            [_name(method), *(each[row][1] for each in cells)],
            {i for i, found in enumerate(best, start=1) if row in found},
        )
        for row, method in enumerate(methods)
    ]
    return Table(title, lead, ["method", *(column.head for column in columns)], rows)


def _name(method: Found) -> str:
    return f"{method['label']} ({method['failed']} failed)" if method["failed"] else str(method["label"])


def _arrow(metric: Found) -> str:
    return {"lower": " ↓", "higher": " ↑"}.get(metric["better"], "")


def _pace(pace: Mapping[str, float] | None) -> Cell:
    if pace is None:
        return None, UNKNOWN
    return pace["median"], f"{pace['median']:.3g} ({pace['low']:.3g}–{pace['high']:.3g})"


def _value(value: float | None, unit: float, form: str) -> Cell:
    return value, UNKNOWN if value is None else f"{value / unit:{form}}"


def _quality(name: str, kind: str) -> Callable[[Found], Cell]:
    def cell(method: Found) -> Cell:
        found = method["metrics"].get(name, {})
        value, text = mean_and_spread(found.get(kind), 4)
        step = found.get("best_step") if kind == "best" else None
        return value, text + (f" at {step['mean']:,.0f}" if step else "")

    return cell


def _time(name: str) -> Callable[[Found], Cell]:
    def cell(method: Found) -> Cell:
        seconds = method["metrics"].get(name, {}).get("seconds_to_target")
        return (None, "never") if seconds is None else (seconds["mean"], f"{seconds['mean'] / 60:.3g}")

    return cell
