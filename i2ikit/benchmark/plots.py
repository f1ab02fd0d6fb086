"""The plots of a comparison, as PNG and SVG."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

COLORS = ("#b3481e", "#21689a", "#46792f", "#7546a0", "#977000", "#17766c", "#b02c66", "#565d69")
MARKS = "osD^vPX*"
MOST_PANELS = 6
SIZE = (3.6, 2.7)  # of a panel in inches
UNITS = {"seconds": "minutes of training", "step": "steps"}


def draw_plots(results: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write ``quality_over_time``, ``quality_over_steps``, ``speed_and_quality`` and ``memory``.

    What nothing is known of is left out.

    Args:
        results: of :func:`summarize`.
        folder: is made.

    Returns:
        the SVG files; a PNG of the same name lies beside each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    labels = [method["label"] for method in results["methods"]]
    shown = shown_metrics(results)
    drawn = {
        "quality_over_time": panels(shown, lambda axes, name: over(axes, results, labels, name, "seconds")),
        "quality_over_steps": panels(shown, lambda axes, name: over(axes, results, labels, name, "step")),
        "speed_and_quality": panels(shown, lambda axes, name: speed(axes, results, name)),
        "memory": panels(["memory"], lambda axes, _: memory(axes, results))
        if any(method["memory"] for method in results["methods"])
        else None,
    }
    written = []
    for name, figure in drawn.items():
        if figure is not None:
            for extension in ("png", "svg"):
                figure.savefig(
                    folder / f"{name}.{extension}", dpi=150, metadata={"Date": None} if extension == "svg" else {}
                )
            written.append(folder / f"{name}.svg")
    return written


def shown_metrics(results: Mapping[str, Any]) -> list[str]:
    """Return the metrics that are drawn: those with a better end that were measured, against paired truth first."""
    known = [name for name, said in results["metrics"].items() if said["better"]]
    return sorted(known, key=lambda name: not results["metrics"][name]["truth"])[:MOST_PANELS]


def panels(names: Sequence[str], draw: Callable[[Axes, str], None]) -> Figure | None:
    """Return a figure with a panel for each name, or None of no names."""
    if not names:
        return None
    columns = min(len(names), 3)
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(SIZE[0] * columns, SIZE[1] * rows + 0.4), layout="constrained")
    FigureCanvasAgg(figure)
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
    """Draw a metric of all runs, seeds of a method in one color."""
    said = set()
    for run in results["runs"]:
        points = [(each[unit], each["metrics"][name]) for each in run["evaluations"] if name in each["metrics"]]
        place = labels.index(run["label"])
        scale = 60 if unit == "seconds" else 1
        axes.plot(
            [x / scale for x, _ in points],
            [y for _, y in points],
            color=COLORS[place % len(COLORS)],
            marker=MARKS[place % len(MARKS)],
            markersize=3,
            linewidth=1.3,
            alpha=0.9 if run["label"] not in said else 0.45,
            label=None if run["label"] in said else run["label"],
        )
        said.add(run["label"])
    title(axes, results, name)
    axes.set_xlabel(UNITS[unit], fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(5))


def speed(axes: Axes, results: Mapping[str, Any], name: str) -> None:
    """Draw each method at its seconds per step and its last value, the best one pale."""
    for place, method in enumerate(results["methods"]):
        pace, found = method["seconds_per_step"], method["metrics"].get(name)
        if pace is None or found is None or found["last"] is None:
            continue
        look: dict[str, Any] = {"color": COLORS[place % len(COLORS)], "fmt": MARKS[place % len(MARKS)], "capsize": 2}
        if found["best"] is not None:
            axes.errorbar(pace["median"], found["best"]["mean"], alpha=0.35, markersize=5, **look)
        axes.errorbar(
            pace["median"],
            found["last"]["mean"],
            yerr=found["last"]["spread"],
            label=method["label"],
            markersize=6,
            **look,
        )
    title(axes, results, name)
    axes.set_xlabel("seconds per step (strong: last, pale: best)", fontsize=8)
    axes.margins(x=0.12)


def memory(axes: Axes, results: Mapping[str, Any]) -> None:
    """Draw the peak of memory of each method."""
    for place, method in enumerate(results["methods"]):
        axes.barh(place, (method["memory"] or 0) / 2**20, color=COLORS[place % len(COLORS)], height=0.6)
    axes.set_yticks(range(len(results["methods"])), [method["label"] for method in results["methods"]], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("MiB at the peak of training", fontsize=8)


def title(axes: Axes, results: Mapping[str, Any], name: str) -> None:
    """Name the metric of a panel and its better end."""
    arrow = {"lower": " (lower is better)", "higher": " (higher is better)"}[results["metrics"][name]["better"]]
    axes.set_title(name + arrow, fontsize=9, loc="left")
