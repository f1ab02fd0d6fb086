"""Curves of a report: series thinned and smoothed; ``curves.js`` draws them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from i2ikit.report.record import RunRecord, Series, metric_names
from i2ikit.report.settings import read_objective


@dataclass(frozen=True)
class Curve:
    """A curve that is ready to be drawn.

    Attributes:
        steps: steps of the points, rising.
        raw, smooth: value and running mean at each step; None where the value is not finite.
        broken: how many logged values were not finite.
    """

    steps: list[int]
    raw: list[float | None]
    smooth: list[float | None]
    broken: int

    @property
    def last(self) -> str:
        """The last finite value to four digits."""
        values = [value for value in self.smooth if value is not None]
        return f"{values[-1]:.4g}" if values else "no finite value"


@dataclass(frozen=True)
class Plot:
    """One plot: its name, what it shows, and a curve by index of the run."""

    name: str
    about: str
    curves: dict[int, Curve]


def make_plots(records: Sequence[RunRecord]) -> list[Plot]:
    """Return a plot for each metric measured more than once, each loss, and the learning rates."""
    plots = []
    for name in metric_names(records):
        series = _by_run([record.metrics for record in records], name)
        if any(len(each.steps) > 1 for each in series.values()):
            better = next(filter(None, (records[run].better.get(name) for run in series)), "")
            about = f"metric, {better} is better" if better else "metric"
            plots.append(Plot(name, about, _curves(series, window=0)))
    terms = {
        term.name: f"{term.kind}, weight {term.weight}, phase {phase.name}"
        for phase in read_objective(records[0].config)
        for term in phase.terms
    }
    for name in dict.fromkeys(name for record in records for name in record.losses):
        about = terms.get(name, "") if len(records) == 1 else "loss"
        plots.append(Plot(name, about, _curves(_by_run([record.losses for record in records], name))))
    return [*plots, *_rate_plots(records)]


def _rate_plots(records: Sequence[RunRecord]) -> Iterator[Plot]:
    """Yield the learning rates: of one run those that differ, of several runs the first of each."""
    if len(records) > 1:
        firsts = {run: next(iter(record.rates.values())) for run, record in enumerate(records) if record.rates}
        if firsts:
            yield Plot("learning rate", "of the first network", _curves(firsts, window=0))
        return
    groups: dict[tuple[float, ...], list[str]] = {}
    for name, series in records[0].rates.items():
        groups.setdefault((*series.steps, *series.values), []).append(name)
    for names in groups.values():
        yield Plot("learning rate", ", ".join(names), _curves({0: records[0].rates[names[0]]}, window=0))


def _by_run(scalars: Sequence[Mapping[str, Series]], name: str) -> dict[int, Series]:
    return {run: found[name] for run, found in enumerate(scalars) if name in found}


def _curves(series: Mapping[int, Series], window: float = 0.05) -> dict[int, Curve]:
    return {run: make_curve(each, window=window) for run, each in series.items()}


def make_curve(series: Series, *, points: int = 400, window: float = 0.05) -> Curve:
    """Thin a series to at most ``points`` points, each the mean of its neighbors, and smooth it.

    Args:
        series: what was logged.
        points: most points kept, >= 1.
        window: fraction of the series, in 0..1, over which the running mean goes; 0 does not smooth.
    """
    size = max(1, math.ceil(len(series.steps) / points))
    chunks = range(0, len(series.steps), size)
    raw = [finite_mean(series.values[start : start + size]) for start in chunks]
    return Curve(
        steps=[series.steps[min(start + size, len(series.steps)) - 1] for start in chunks],
        raw=raw,
        smooth=running_mean(raw, round(len(raw) * window / 2)),
        broken=sum(not math.isfinite(value) for value in series.values),
    )


def running_mean(values: Sequence[float | None], reach: int) -> list[float | None]:
    """Return the mean of each value and its neighbors up to ``reach`` away on both sides; None stays None."""
    means: list[float | None] = []
    for index, value in enumerate(values):
        around = [near for near in values[max(0, index - reach) : index + reach + 1] if near is not None]
        means.append(None if value is None else finite_mean(around))
    return means


def finite_mean(values: Sequence[float]) -> float | None:
    """Return the mean of the finite values, to six digits, or None if there is none."""
    finite = [value for value in values if math.isfinite(value)]
    return float(f"{math.fsum(finite) / len(finite):.6g}") if finite else None
