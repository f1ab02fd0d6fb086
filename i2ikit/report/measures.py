"""What the numbers of a run mean: their sentence, their better end, the best and the last of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from i2ikit.errors import UnknownComponentError
from i2ikit.registry import METRICS
from i2ikit.report.objective import mapping
from i2ikit.report.record import RunRecord, Series


@dataclass(frozen=True)
class Measured:
    """One metric of one run: the best value with its step (None where no end is better), the last one with its step."""

    best: tuple[float, int] | None
    last: tuple[float, int]


def measured(series: Series, direction: str) -> Measured:
    """Return the best and the last value of a metric; values that are not finite are never the best."""
    points = [(value, step) for value, step in zip(series.values, series.steps, strict=True) if math.isfinite(value)]
    best = None
    if points and direction:
        sign = 1 if direction == "lower" else -1
        best = min(points, key=lambda point: (sign * point[0], point[1]))
    return Measured(best, (series.values[-1], series.steps[-1]))


def part(name: str, config: Mapping[str, Any]) -> Any:
    """Return the class behind a number such as ``background.db``: the part of the config's metric ``background``.

    None where the config has no such metric, or its part isn't installed.
    """
    metric = mapping(mapping(config.get("metrics")).get(name.partition(".")[0]))
    try:
        return METRICS.get(str(metric.get("type", "")))
    except UnknownComponentError:
        return None


def sentence(name: str, config: Mapping[str, Any]) -> str:
    """Return what a number is: the first line of the documentation of its metric, or an empty string."""
    return (getattr(part(name, config), "__doc__", None) or "").strip().partition("\n")[0]


def names(records: Sequence[RunRecord]) -> list[str]:
    """Return the names of all numbers that were measured, in the order of the first run that has them."""
    return list(dict.fromkeys(name for record in records for name in record.metrics))


def direction(name: str, record: RunRecord) -> str:
    """Return which values of a number are better: "higher", "lower", or "" where none is or nobody says.

    The log knows it best; logs that do not say leave it to the metric.
    """
    said = record.better or mapping(getattr(part(name, record.config), "better", None))
    found = said.get(name) or said.get(name.partition(".")[2])
    return str(found or "")
