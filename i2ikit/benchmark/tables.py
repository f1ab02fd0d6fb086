"""The tables of a comparison as plain data, for a terminal, a page, or the docs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Row:
    """Cells as text, and the columns in which this row has the best figure."""

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
    """One column: its head, the figure of a method (None: unknown), that figure as text, and which end is better."""

    head: str
    value: Callable[[Mapping[str, Any]], float | None]
    text: Callable[[Mapping[str, Any]], str]
    better: str = "lower"


def speed_table(results: Mapping[str, Any]) -> Table:
    """Return what each method costs."""
    columns = [
        Column("steps", lambda method: None, lambda method: f"{method['steps']:,}"),
        Column("s/step", lambda method: _at(method, "seconds_per_step", "median"), _pace),
        Column(
            "images/s",
            lambda method: _at(method, "images_per_second", "mean"),
            lambda method: with_spread(method["images_per_second"], 3),
            "higher",
        ),
        Column(
            "minutes", lambda method: _at(method, "minutes", "mean"), lambda method: with_spread(method["minutes"], 3)
        ),
        Column("memory MiB", lambda method: method["memory"], lambda method: _whole(method["memory"], 2**20)),
        Column("parameters M", lambda method: method["parameters"], lambda method: _millions(method["parameters"])),
        Column("GMAC/step", lambda method: method["gmacs"], lambda method: _digits(method["gmacs"], 4)),
    ]
    lead = (
        "Seconds per step: the median, and the 10th and 90th percentile. Memory: what training needs on top of the "
        "program. Multiply-accumulates of convolutions and matrix products, forward and backward."
    )
    return _table("Speed", lead, columns, results["methods"])


def quality_tables(results: Mapping[str, Any]) -> list[Table]:
    """Return the last and the best of each metric, and the time to the target; those that nothing is known of not."""
    seeds = len(results["plan"]["seeds"])
    over = (
        f"Mean and standard deviation over {seeds} seeds."
        if seeds > 1
        else "A single seed, so nothing is known of the spread."
    )
    step = "the mean of the seeds' steps" if seeds > 1 else "its step"
    leads = {
        "last": f"At the end of the run, which is what you get. {over}",
        "best": f"The best measurement of each run, and {step}; choosing it needs measurements. {over}",
        "time": "Minutes of training until a quality was first measured; by default one that every method reaches.",
    }
    columns: dict[str, list[Column]] = {"last": [], "best": [], "time": []}
    for name, said in results["metrics"].items():
        columns["last"].append(_quality_column(name, "last", said["better"]))
        if said["better"]:
            columns["best"].append(_quality_column(name, "best", said["better"]))
        if said["target"] is not None:
            columns["time"].append(_time_column(name, said["target"], said["better"]))
    titles = {"last": "Quality at the end", "best": "Best quality", "time": "Time to quality"}
    return [_table(titles[kind], leads[kind], found, results["methods"]) for kind, found in columns.items() if found]


def _quality_column(name: str, kind: str, better: str) -> Column:
    def found(method: Mapping[str, Any]) -> Mapping[str, Any]:
        return method["metrics"].get(name, {})

    def text(method: Mapping[str, Any]) -> str:
        step = found(method).get("best_step") if kind == "best" else None
        return with_spread(found(method).get(kind), 4) + (f" at {step['mean']:,.0f}" if step else "")

    arrow = {"lower": " ↓", "higher": " ↑"}.get(better, "")
    return Column(f"{name}{arrow}", lambda method: (found(method).get(kind) or {}).get("mean"), text, better)


def _time_column(name: str, target: float, better: str) -> Column:
    def found(method: Mapping[str, Any]) -> Mapping[str, Any]:
        return method["metrics"].get(name, {})

    def text(method: Mapping[str, Any]) -> str:
        seconds = found(method).get("seconds_to_target")
        return "never" if seconds is None else _digits(seconds["mean"] / 60, 3)

    sign = "≤" if better == "lower" else "≥"
    return Column(
        f"{name} {sign} {_digits(target, 3)}",
        lambda method: (found(method).get("seconds_to_target") or {}).get("mean"),
        text,
    )


def _table(title: str, lead: str, columns: Sequence[Column], methods: Sequence[Mapping[str, Any]]) -> Table:
    rows = [Row([_name(method), *(column.text(method) for column in columns)]) for method in methods]
    for place, column in enumerate(columns, start=1):
        sign = {"lower": 1, "higher": -1}.get(column.better)
        values = [
            (sign * value, row)
            for row, method in enumerate(methods)
            if sign and (value := column.value(method)) is not None
        ]
        if len(values) > 1:
            for value, row in values:
                if value == min(values)[0]:
                    rows[row].best.add(place)
    return Table(title, lead, ["method", *(column.head for column in columns)], rows)


def _name(method: Mapping[str, Any]) -> str:
    return f"{method['label']} ({method['failed']} failed)" if method["failed"] else str(method["label"])


def _at(method: Mapping[str, Any], key: str, part: str) -> float | None:
    return None if method[key] is None else method[key][part]


def _pace(method: Mapping[str, Any]) -> str:
    pace = method["seconds_per_step"]
    return "–" if pace is None else f"{pace['median']:.3g} ({pace['low']:.3g}–{pace['high']:.3g})"


def with_spread(found: Mapping[str, float] | None, digits: int) -> str:
    """Return mean and spread in words; a single seed has no spread."""
    if found is None:
        return "–"
    return _digits(found["mean"], digits) + (f" ± {_digits(found['spread'], 2)}" if found["spread"] else "")


def _digits(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}g}"


def _whole(value: float | None, unit: int) -> str:
    return "–" if value is None else f"{value / unit:,.0f}"


def _millions(value: float | None) -> str:
    return "–" if value is None else f"{value / 1e6:.3g}"
