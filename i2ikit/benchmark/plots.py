"""The plots of a benchmark, as PNG and SVG."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

COLORS = ("#b3481e", "#21689a", "#46792f", "#7546a0", "#977000", "#17766c", "#b02c66", "#565d69")
MARKS = "osD^vPX*"
MOST_PANELS = 6
SIZE = (3.6, 2.7)  # of a panel in inches
UNITS = {"seconds": "minutes of training", "step": "steps"}


def draw_plots(results: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """Write ``quality_over_time``, ``quality_over_steps`` and ``speed_and_quality``, if any metric was measured.

    Args:
        results: of :func:`summarize`.
        folder: is made.

    Returns:
        the SVG files by what they show; there is a PNG with the same stem for each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    labels = [method["label"] for method in results["methods"]]
    shown = shown_metrics(results)
    if not shown:
        return {}
    figures = {
        "Quality over time: a color for each method, a line for each seed.": (
            folder / "quality_over_time.svg",
            panels(shown, lambda axes, name: over(axes, results, labels, name, "seconds")),
        ),
        "Quality over steps.": (
            folder / "quality_over_steps.svg",
            panels(shown, lambda axes, name: over(axes, results, labels, name, "step")),
        ),
        "Speed and quality; bars show the spread over seeds.": (
            folder / "speed_and_quality.svg",
            panels(shown, lambda axes, name: speed(axes, results, name)),
        ),
    }
    for path, figure in figures.values():
        figure.savefig(path.with_suffix(".png"), dpi=150)
        figure.savefig(path, metadata={"Date": None})
    return {about: path for about, (path, _) in figures.items()}


def shown_metrics(results: Mapping[str, Any]) -> list[str]:
    """Return at most six metrics that have an order, those against paired truth first."""
    known = [name for name, metric in results["metrics"].items() if metric["better"]]
    return sorted(known, key=lambda name: not results["metrics"][name]["truth"])[:MOST_PANELS]


def panels(names: Sequence[str], draw: Callable[[Axes, str], None]) -> Figure:
    """Return a figure with a panel for each name, >= 1."""
    columns = min(len(names), 3)
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(SIZE[0] * columns, SIZE[1] * rows + 0.4), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for index, axes in enumerate(grid.flat):
        if index >= len(names):
            axes.axis("off")
            continue
        draw(axes, names[index])
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 6), frameon=False, fontsize=8)
    return figure


def over(axes: Axes, results: Mapping[str, Any], labels: Sequence[str], name: str, unit: str) -> None:
    """Draw a metric of all runs, the seeds of a method in one color."""
    labeled = set()
    for run in results["runs"]:
        points = [(each[unit], each["metrics"][name]) for each in run["evaluations"] if name in each["metrics"]]
        index = labels.index(run["label"])
        scale = 60 if unit == "seconds" else 1
        axes.plot(
            [x / scale for x, _ in points],
            [y for _, y in points],
            color=COLORS[index % len(COLORS)],
            marker=MARKS[index % len(MARKS)],
            markersize=3,
            linewidth=1.3,
            alpha=0.9 if run["label"] not in labeled else 0.45,
            label=None if run["label"] in labeled else run["label"],
        )
        labeled.add(run["label"])
    title(axes, results, name)
    axes.set_xlabel(UNITS[unit], fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(5))


def speed(axes: Axes, results: Mapping[str, Any], name: str) -> None:
    """Draw each method at its seconds per step and its last value, with the best value in a pale color."""
    for index, method in enumerate(results["methods"]):
        pace, found = method["seconds_per_step"], method["metrics"].get(name)
        if pace is None or found is None or found["last"] is None:
            continue
        style: dict[str, Any] = {"color": COLORS[index % len(COLORS)], "fmt": MARKS[index % len(MARKS)], "capsize": 2}
        if found["best"] is not None:
            axes.errorbar(pace["median"], found["best"]["mean"], alpha=0.35, markersize=5, **style)
        axes.errorbar(
            pace["median"],
            found["last"]["mean"],
            yerr=found["last"]["spread"],
            label=method["label"],
            markersize=6,
            **style,
        )
    title(axes, results, name)
    axes.set_xlabel("seconds per step (strong: last, pale: best)", fontsize=8)
    axes.margins(x=0.12)


def title(axes: Axes, results: Mapping[str, Any], name: str) -> None:
    """Set the title of a panel: the metric, and which values are better."""
    arrow = {"lower": " (lower is better)", "higher": " (higher is better)"}[results["metrics"][name]["better"]]
    axes.set_title(name + arrow, fontsize=9, loc="left")
