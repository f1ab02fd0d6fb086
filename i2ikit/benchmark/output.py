"""Writes the results of a benchmark: results.json, results.csv, results.md, plots, and an HTML report."""

import base64
import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from i2ikit.benchmark.plan import BenchmarkRun
from i2ikit.benchmark.plots import draw_plots
from i2ikit.benchmark.tables import Table, tables
from i2ikit.engine.reporter import format_duration
from i2ikit.errors import counted
from i2ikit.files import write_atomically
from i2ikit.report import write_report
from i2ikit.report.page import render


def write_results(folder: Path, results: Mapping[str, Any], runs: Sequence[BenchmarkRun]) -> Path:
    """Write all results into the folder of a benchmark.

    Args:
        folder: of the benchmark.
        results: of :func:`summarize`.
        runs: all of them; the report shows the first of each method.

    Returns:
        the HTML report; where no run has begun, so that there is nothing to show, ``results.md``.
    """
    found = tables(results)
    plots = draw_plots(results, folder / "plots")
    write_atomically(folder / "results.json", json.dumps(results, indent=1))
    write_atomically(folder / "results.csv", as_csv(results))
    write_atomically(folder / "results.md", as_markdown(results, found, plots))
    images = {about: base64.b64encode(path.read_bytes()).decode("ascii") for about, path in plots.items()}
    first = {run.entry.label: run for run in reversed(runs) if (run.work_dir / "log.jsonl").is_file()}
    shown = [first[method["label"]] for method in results["methods"] if method["label"] in first]
    if not shown:
        return folder / "results.md"
    return write_report(
        [run.work_dir for run in shown],
        folder / "index.html",
        title=" · ".join(run.entry.label for run in shown),
        names=[run.entry.label for run in shown],
        extra=render("benchmark.html.j2", tables=found, plots=images),
    )


def as_csv(results: Mapping[str, Any]) -> str:
    """Return one line for each run: its cost, and best and last value of all metrics."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(
        ["method", "seed", "steps", "seconds", "seconds_per_step", "images_per_second", "memory_bytes", "failed"]
        + [f"{name}.{kind}" for name in results["metrics"] for kind in ("best", "best_step", "last")]
    )
    for run in results["runs"]:
        pace = run["seconds_per_step"]
        row = [run["label"], run["seed"], run["steps"], run["seconds"], pace and pace["median"]]
        row += [run["images_per_second"], run["memory"], run.get("failed", "")]
        for name in results["metrics"]:
            best, last = run["best"].get(name, {}), run["last"].get(name, {})
            row += [best.get("value"), best.get("step"), last.get("value")]
        writer.writerow(row)
    return file.getvalue()


def as_markdown(results: Mapping[str, Any], found: Sequence[Table], plots: Mapping[str, Path]) -> str:
    """Return budget, tables and plots as Markdown, the best value of each column bold."""
    plan = results["plan"]
    budget = f"{plan['minutes']:g} minutes" if plan["minutes"] else f"{counted(plan['steps'], 'step')}"
    parts = [
        f"# {' · '.join(method['label'] for method in results['methods'])}",
        f"Budget: {budget} of training for each run; seeds {', '.join(map(str, plan['seeds']))}; "
        f"{format_duration(sum(run['seconds'] for run in results['runs']))} of training in total.",
    ]
    for table in found:
        cells = [[f"**{text}**" if i in row.best else text for i, text in enumerate(row.cells)] for row in table.rows]
        rows = [table.head, ["---", *(["---:"] * (len(table.head) - 1))], *cells]
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
        parts.append(f"**{table.title}.** {table.lead}\n\n" + "\n".join(lines))
    parts += [f"![{about}](plots/{path.stem}.png)" for about, path in plots.items()]
    return "\n\n".join(parts) + "\n"
