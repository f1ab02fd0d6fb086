"""Curves as inline SVG: thinned, smoothed, with ticks at round numbers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from i2ikit.report.record import Series

WIDTH, HEIGHT = 340, 170  # of the drawing, in its own units
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 8, 22  # margins around the plot
COLORS = 8  # the style has so many; further runs begin again


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


def make_curve(series: Series, *, points: int = 400, window: float = 0.05) -> Curve:
    """Thin a series to at most ``points`` points, each the mean of its neighbors, and smooth it.

    Args:
        series: what was logged.
        points: most points kept, >= 1.
        window: share of the series, in 0..1, that the running mean looks at around each point; 0 does not smooth.
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
    """Return for each value the mean of those at most ``reach`` places away; None stays None and counts for nothing.

    A mean that looks both ways lags behind nothing, and a single spike ends with its window.
    """
    means: list[float | None] = []
    for index, value in enumerate(values):
        around = [near for near in values[max(0, index - reach) : index + reach + 1] if near is not None]
        means.append(None if value is None else finite_mean(around))
    return means


def finite_mean(values: Sequence[float]) -> float | None:
    """Return the mean of the finite values, to six digits, or None where there is none."""
    finite = [value for value in values if math.isfinite(value)]
    return float(f"{math.fsum(finite) / len(finite):.6g}") if finite else None


def value_range(*curves: Curve) -> tuple[float, float]:
    """Return the range to draw: the raw values but for the outermost 2 percent at each end, and a little room."""
    raw = sorted(value for curve in curves for value in curve.raw if value is not None)
    if not raw:
        return 0.0, 1.0
    cut = len(raw) // 50
    low, high = raw[cut], raw[len(raw) - 1 - cut]
    if high - low > 1e-12 * max(abs(low), abs(high)):
        room = (high - low) / 25
        return low - room, high + room
    room = abs(low) / 2 or 0.5  # a level line stands in the middle
    return low - room, high + room


def round_ticks(low: float, high: float, least: int = 3) -> list[float]:
    """Return the fewest multiples of 1, 2 or 5 times a power of ten that are ``least`` in low..high (low < high)."""
    power = 10.0 ** math.ceil(math.log10(high - low))
    steps = (power * factor / 10**down for down in range(9) for factor in (1, 0.5, 0.2))
    ranges = ((step, math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)) for step in steps)
    step, first, last = next((found for found in ranges if found[2] - found[1] + 1 >= least), (0.0, 0, -1))
    return [index * step for index in range(first, last + 1)]


def draw_curves(curves: Mapping[int, Curve], name: str, last_step: int) -> str:
    """Return the SVG of one scalar of one or several runs.

    Args:
        curves: by number of the run, which gives the color.
        name: of the scalar.
        last_step: where the axis ends; it begins at 0, so that all curves of a page line up.
    """
    low, high = value_range(*curves.values())
    last_step = max(last_step, 1)

    def y(value: float) -> float:
        place = TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)
        return round(min(max(place, -HEIGHT), 2 * HEIGHT), 1)

    ticks = "".join(
        f'<line class="rule" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value)}" y2="{y(value)}"/>'
        f'<text class="tick" x="{LEFT - 6}" y="{y(value)}" dy=".32em" text-anchor="end">{value:.4g}</text>'
        for value in round_ticks(low, high)
    )
    ends = "".join(
        f'<text class="tick end" x="{x}" y="{HEIGHT - 6}" text-anchor="{anchor}">{step:,}</text>'
        for x, anchor, step in ((LEFT, "start", 0), (WIDTH - RIGHT, "end", last_step))
    )
    clip = f'<svg x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" height="{HEIGHT - TOP - BOTTOM}" '
    clip += f'viewBox="{LEFT} {TOP} {WIDTH - LEFT - RIGHT} {HEIGHT - TOP - BOTTOM}">'
    lines = "".join(
        f'<path class="{kind}" style="--line:var(--run{run % COLORS})" '
        f'd="{path(xs(curve, last_step), [None if v is None else y(v) for v in values])}"/>'
        for kind in ("raw", "smooth")
        for run, curve in curves.items()
        for values in (curve.raw if kind == "raw" else curve.smooth,)
    )
    dots = "".join(
        f'<circle class="dot" style="--line:var(--run{run % COLORS})" visibility="hidden" r="3.5"/>' for run in curves
    )
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" tabindex="0" aria-label="{escape(name)}">'
        f"{ticks}{ends}{clip}{lines}</svg>"
        f'<line class="cursor" visibility="hidden" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>{dots}'
        f'<text class="tick at" y="{HEIGHT - 6}" text-anchor="middle"></text></svg>'
    )


def xs(curve: Curve, last_step: int) -> list[float]:
    """Return where the points of a curve lie from left to right."""
    return [round(LEFT + (WIDTH - LEFT - RIGHT) * step / last_step, 1) for step in curve.steps]


def path(xs: Sequence[float], ys: Sequence[float | None]) -> str:
    """Return the path data of a line with gaps where y is None; a lone point is drawn as a short dash."""
    parts: list[str] = []
    pen_down = False
    for index, (x, y) in enumerate(zip(xs, ys, strict=True)):
        if y is None:
            pen_down = False
            continue
        lone = not pen_down and (index + 1 == len(ys) or ys[index + 1] is None)
        parts.append(f"{'L' if pen_down else 'M'}{x} {y}" + ("h.1" if lone else ""))
        pen_down = True
    return "".join(parts)
