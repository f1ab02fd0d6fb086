"""Writes what a comparison found: results.json, results.csv, plots, and a page."""

import base64
import csv
import io
import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from i2ikit.benchmark.folder import Run
from i2ikit.benchmark.plots import draw_plots
from i2ikit.benchmark.tables import Table, quality_tables, speed_table
from i2ikit.files import write_atomically
from i2ikit.report import write_report
from i2ikit.report.sections import section, table

PLOTS = {
    "quality_over_time": "Quality over time: each method in its color, one line for each seed.",
    "quality_over_steps": "Quality over steps.",
    "speed_and_quality": "Speed against quality, bars show the spread over seeds.",
    "memory": "Memory at the peak of training.",
}


def write_results(folder: Path, results: Mapping[str, Any], runs: list[Run]) -> Path:
    """Write everything into the folder of a comparison, each file whole or not at all.

    Args:
        folder: of the comparison.
        results: of :func:`summarize`.
        runs: all of them; the page shows the first of each method.

    Returns:
        the page.
    """
    write_atomically(folder / "results.json", json.dumps(results, indent=1).encode())
    write_atomically(folder / "results.csv", as_csv(results).encode())
    plots = draw_plots(results, folder / "plots")
    first = {run.entry.label: run for run in reversed(runs) if (run.work_dir / "log.jsonl").is_file()}
    shown = [first[method["label"]] for method in results["methods"] if method["label"] in first]
    extra = "".join([*(html_table(each) for each in tables(results)), plots_section(plots)])
    return write_report(
        [run.work_dir for run in shown],
        folder / "index.html",
        title=" · ".join(run.entry.label for run in shown),
        names=[run.entry.label for run in shown],
        extra=extra,
    )


def tables(results: Mapping[str, Any]) -> list[Table]:
    """Return the tables of a comparison."""
    return [speed_table(results), *quality_tables(results)]


def as_csv(results: Mapping[str, Any]) -> str:
    """Return one line for each run: what it took, and best and last of all metrics."""
    names = list(results["metrics"])
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    kinds = ("best", "best_step", "last")
    writer.writerow(
        ["method", "seed", "steps", "seconds", "seconds_per_step", "images_per_second", "memory_bytes", "failed"]
        + [f"{name}.{kind}" for name in names for kind in kinds]
    )
    for run in results["runs"]:
        pace = run["seconds_per_step"]
        row = [run["label"], run["seed"], run["steps"], run["seconds"], pace and pace["median"]]
        row += [run["images_per_second"], run["memory"], run.get("failed", "")]
        for name in names:
            best, last = run["best"].get(name, {}), run["last"].get(name, {})
            row += [best.get("value"), best.get("step"), last.get("value")]
        writer.writerow(row)
    return file.getvalue()


def html_table(found: Table) -> str:
    """Return a table as a section of the page, the best figure of each column marked."""
    rows = [
        [
            f'<b class="winner">{escape(cell)}</b>' if column in row.best else escape(cell)
            for column, cell in enumerate(row.cells)
        ]
        for row in found.rows
    ]
    return section(found.title, found.lead, table(found.head, rows, numbers=True))


def plots_section(plots: list[Path]) -> str:
    """Return the plots as a section of the page, the images inside it."""
    figures = "".join(
        f'<figure><img alt="{escape(PLOTS[path.stem])}" src="data:image/svg+xml;base64,'
        f'{base64.b64encode(path.read_bytes()).decode("ascii")}"></figure>'
        for path in plots
    )
    lead = "Also beside this page as PNG and SVG, in the folder plots."
    return section("Plots", lead, f'<div class="plots">{figures}</div>') if figures else ""
