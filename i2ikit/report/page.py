"""The page of a run: one file that opens from disk and asks no network."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from i2ikit.errors import RunError, UnknownComponentError
from i2ikit.registry import METRICS
from i2ikit.report import curves, sections
from i2ikit.report.curves import Curve, make_curve
from i2ikit.report.grids import Frame, evenly_spaced, find_grids, make_frames
from i2ikit.report.naming import column_words
from i2ikit.report.objective import mapping, read_objective
from i2ikit.report.record import RunRecord, read_record


def write_report(work_dir: Path) -> Path:
    """Write ``index.html`` of a run: samples over time, curves, metrics, config. What is not there yet is said so.

    Args:
        work_dir: the work directory of a run, finished or not.

    Returns:
        the page; it is written under a temporary name first, so that a reader never meets half of it.

    Raises:
        RunError: the folder does not exist or cannot be written.
    """
    work_dir = Path(work_dir)
    page = work_dir / "index.html"
    temporary = page.with_name(f".{page.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(render(work_dir), "utf-8")
        temporary.replace(page)
    except OSError as error:
        raise RunError(f"cannot write the report {page}: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)
    return page


def render(work_dir: Path) -> str:
    """Return the page of a work directory."""
    record = read_record(work_dir)
    drawn = named_curves(record)
    last_step = max([curve.steps[-1] for _, _, curve in drawn if curve.steps], default=1)
    samples, frames = samples_section(work_dir, record)
    parts = [samples, curves_section(drawn, last_step), metrics_section(record), config_section(record)]
    return Template(resource("page.html")).substitute(
        title=escape(record.name),
        facts=sections.facts(record),
        sections="\n".join(part for part in parts if part),
        environment=sections.environment_line(record.environment),
        style=resource("page.css"),
        script=resource("page.js"),
        data=script_json(page_data(frames, [curve for _, _, curve in drawn], last_step)),
    )


def resource(name: str) -> str:
    """Return a text file of this package."""
    return files("i2ikit.report").joinpath(name).read_text("utf-8")


def script_json(value: Any) -> str:
    """Return JSON that can't end the script element it stands in."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def page_data(frames: list[Frame], drawn: list[Curve], last_step: int) -> dict[str, Any]:
    """Return what the script of the page needs; the last picture stands in the page itself."""
    earlier = [{"step": frame.step, "picture": f"url({frame.picture})"} for frame in frames[:-1]]
    ranges = [dict(zip(("low", "high"), curves.value_range(curve), strict=True)) for curve in drawn]
    return {
        "frames": [*earlier, *({"step": frame.step, "picture": ""} for frame in frames[-1:])],
        "curves": [asdict(curve) | limits for curve, limits in zip(drawn, ranges, strict=True)],
        "plot": {
            "left": curves.LEFT,
            "right": curves.WIDTH - curves.RIGHT,
            "top": curves.TOP,
            "bottom": curves.HEIGHT - curves.BOTTOM,
            "lastStep": max(last_step, 1),
        },
    }


def samples_section(work_dir: Path, record: RunRecord) -> tuple[str, list[Frame]]:
    """Return the section of the samples and the frames in it."""
    grids = evenly_spaced(find_grids(work_dir / "samples"))
    frames = make_frames(grids)
    if not frames:
        return sections.section("Samples", "", sections.nothing("No samples yet.")), []
    grid = grids[-1]
    words = column_words(grid.columns, mapping(mapping(record.config.get("model")).get("generators")))
    lead = f"Fixed images after {frames[-1].step:,} steps. Click a sample to enlarge it"
    lead += "; drag the slider or press the arrow keys to go back in time." if len(frames) > 1 else "."
    content = sections.samples(frames, grid.columns, words, grid.rows, grid.cell)
    return sections.section("Samples", lead, content), frames


def named_curves(record: RunRecord) -> list[tuple[str, str, Curve]]:
    """Return name, description and curve of each loss and of each learning rate, equal rates as one."""
    said = {
        line.name: f"{line.kind}, weight {line.weight}, phase {line.phase}" for line in read_objective(record.config)
    }
    drawn = [(name, said.get(name, ""), make_curve(series)) for name, series in record.losses.items()]
    groups: dict[tuple[float, ...], list[str]] = {}
    for name, series in record.rates.items():
        groups.setdefault((*series.steps, *series.values), []).append(name)
    for names in groups.values():
        curve = make_curve(record.rates[names[0]], window=0)
        drawn.append(("learning rate", ", ".join(names), curve))
    return drawn


def curves_section(drawn: list[tuple[str, str, Curve]], last_step: int) -> str:
    """Return the section of the curves."""
    if not drawn:
        return sections.section("Curves", "", sections.nothing("Nothing was logged yet."))
    figures = "".join(sections.curve_figure(name, about, curve, last_step) for name, about, curve in drawn)
    lead = "Unweighted losses over the steps: pale the values, strong their running mean. Point at a curve to read it."
    return sections.section("Curves", lead, f'<div class="curves">{figures}</div>')


def metrics_section(record: RunRecord) -> str:
    """Return the section of the metrics, or nothing where none were measured."""
    if not record.metrics:
        return ""
    about = [(name, value, metric_sentence(name, record.config)) for name, value in record.metrics.items()]
    lead = "Measured on the test split after training."
    return sections.section("Metrics", lead, sections.metric_table(about))


def metric_sentence(number: str, config: Mapping[str, Any]) -> str:
    """Return what ``background.db`` is: the first sentence of the documentation of the config's metric ``background``.

    Empty where the config has no such metric, or its part isn't installed.
    """
    metric = mapping(mapping(config.get("metrics")).get(number.partition(".")[0]))
    try:
        return (METRICS.get(str(metric.get("type", ""))).__doc__ or "").strip().partition("\n")[0]
    except UnknownComponentError:
        return ""


def config_section(record: RunRecord) -> str:
    """Return the section of the config: the objective as a table, then everything."""
    text = record.config_text or (json.dumps(record.config, indent=2) if record.config else "")
    if not text:
        return sections.section("Config", "", sections.nothing("This folder has no config."))
    content = sections.objective_table(record.config) + sections.config_listing(text)
    return sections.section("Config", "The objective as the config says it, and every setting of the run.", content)
