"""The page of one or several runs: one file that opens from disk and asks no network."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from i2ikit.errors import RunError
from i2ikit.files import write_atomically
from i2ikit.report import curves, measures, sections
from i2ikit.report.curves import Curve, make_curve
from i2ikit.report.image_store import Images
from i2ikit.report.items import Album, make_album
from i2ikit.report.objective import read_objective
from i2ikit.report.record import RunRecord, read_record

SCRIPTS = ("theme.js", "images.js", "viewer.js", "gallery.js", "curves.js")
Figure = tuple[str, str, dict[int, Curve]]  # name, description, curve by number of the run


def write_report(
    work_dirs: Path | Sequence[Path],
    page: Path | None = None,
    *,
    linked: bool = False,
    title: str = "",
    names: Sequence[str] = (),
    extra: str = "",
) -> Path:
    """Write the page of a run, or of several side by side. What is not there yet is said so.

    Args:
        work_dirs: work directories of runs, finished or not.
        page: where it goes; by default ``index.html`` in the first work directory.
        linked: let the page name the test images as files beside it instead of holding them.
        title: by default the names of the runs.
        names: of the runs; by default those of their folders.
        extra: HTML that stands before everything else.

    Returns:
        the page; it is written under a temporary name first, so that a reader never meets half of it.

    Raises:
        RunError: a folder does not exist or cannot be written.
    """
    folders = [Path(work_dirs)] if isinstance(work_dirs, str | Path) else [Path(folder) for folder in work_dirs]
    page = folders[0] / "index.html" if page is None else Path(page)
    try:
        records = [read_record(folder) for folder in folders]
        names = names or distinct_names(folders)
        write_atomically(page, render(records, Images(page, linked=linked), names, title, extra))
    except OSError as error:
        raise RunError(f"cannot write the report {page}: {error}") from error
    return page


def distinct_names(folders: Sequence[Path]) -> list[str]:
    """Return the names of the folders, with as much of the path above them as it takes to tell them apart."""
    parts = [folder.resolve().parts for folder in folders]
    depth = 1
    while depth < max(map(len, parts)) and len({part[-depth:] for part in parts}) < len({*parts}):
        depth += 1
    return ["/".join(part[-depth:]) for part in parts]


def render(records: Sequence[RunRecord], images: Images, names: Sequence[str], title: str = "", extra: str = "") -> str:
    """Return the page of some runs."""
    album = make_album(records, images)
    drawn = figures(records)
    last_step = max([curve.steps[-1] for _, _, lines in drawn for curve in lines.values() if curve.steps], default=1)
    parts = [
        extra,
        samples_section(album),
        gallery_section(album),
        curves_section(drawn, names, last_step),
        metrics_section(records, names),
        config_section(records, names),
    ]
    title = title or " · ".join(names)
    return Template(resource("page.html")).substitute(
        title=escape(title),
        kind="A run of i2ikit" if len(records) == 1 else f"{len(records)} runs of i2ikit, side by side",
        policy=f"img-src data:{' file: *' if images.linked else ''}",
        head=sections.head(records, names),
        sections="\n".join(part for part in parts if part),
        environment=sections.environment_line(records[0].environment),
        style=resource("page.css"),
        script="\n".join(resource(name) for name in SCRIPTS),
        data=script_json(page_data(album, names, [lines for _, _, lines in drawn], last_step)),
        images=script_json(images.found),
    )


def resource(name: str) -> str:
    """Return a text file of this package."""
    return files("i2ikit.report").joinpath("assets", name).read_text("utf-8")


def script_json(value: Any) -> str:
    """Return JSON that can't end the script element it stands in."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def page_data(
    album: Album, names: Sequence[str], drawn: Sequence[Mapping[int, Curve]], last_step: int
) -> dict[str, Any]:
    """Return what the scripts of the page need besides the images."""
    return {
        "runs": list(names),
        "items": [asdict(item) for item in album.items],
        "measures": album.measures,
        "curves": [
            {
                "runs": {run: asdict(curve) for run, curve in lines.items()},
                **dict(zip(("low", "high"), curves.value_range(*lines.values()), strict=True)),
            }
            for lines in drawn
        ],
        "plot": {
            "left": curves.LEFT,
            "right": curves.WIDTH - curves.RIGHT,
            "top": curves.TOP,
            "bottom": curves.HEIGHT - curves.BOTTOM,
            "lastStep": max(last_step, 1),
        },
    }


def samples_section(album: Album) -> str:
    """Return the section in which inputs and outputs are compared; its images are put in by the scripts."""
    if not any(images for item in album.items for images in item.images):
        return sections.section("Samples", "", sections.nothing("No samples yet."))
    lead = "Drag the line, or focus it and press the arrow keys: left of it is one image, right of it the other."
    return sections.section("Samples", lead, resource("viewer.html"))


def gallery_section(album: Album) -> str:
    """Return the section of the test images one by one, or nothing where there are none."""
    if not any(values for item in album.items for values in item.values):
        return ""
    count = sum(any(item.values) for item in album.items)
    lead = f"{count:,} test images after the last step, each measured by itself. Choose one to see it above."
    return sections.section("Best and worst", lead, resource("gallery.html"))


def figures(records: Sequence[RunRecord]) -> list[Figure]:
    """Return name, description and curves of each metric measured more than once, each loss and the learning rates."""
    drawn: list[Figure] = []
    for name in measures.names(records):
        lines = {run: record.metrics[name] for run, record in enumerate(records) if name in record.metrics}
        if any(len(series.steps) > 1 for series in lines.values()):
            better = next(filter(None, (measures.direction(name, records[run]) for run in lines)), "")
            about = f"metric, {better} is better" if better else "metric"
            drawn.append((name, about, {run: make_curve(series, window=0) for run, series in lines.items()}))
    said = {
        line.name: f"{line.kind}, weight {line.weight}, phase {line.phase}"
        for record in reversed(records)
        for line in read_objective(record.config)
    }
    for name in dict.fromkeys(name for record in records for name in record.losses):
        lines = {run: record.losses[name] for run, record in enumerate(records) if name in record.losses}
        about = said.get(name, "") if len(records) == 1 else "loss"
        drawn.append((name, about, {run: make_curve(series) for run, series in lines.items()}))
    return drawn + rates(records)


def rates(records: Sequence[RunRecord]) -> list[Figure]:
    """Return the learning rates: of one run those that differ, of several runs the first of each."""
    if len(records) > 1:
        firsts = {run: next(iter(record.rates.values())) for run, record in enumerate(records) if record.rates}
        lines = {run: make_curve(series, window=0) for run, series in firsts.items()}
        return [("learning rate", "of the first network", lines)] if lines else []
    groups: dict[tuple[float, ...], list[str]] = {}
    for name, series in records[0].rates.items():
        groups.setdefault((*series.steps, *series.values), []).append(name)
    return [
        ("learning rate", ", ".join(names), {0: make_curve(records[0].rates[names[0]], window=0)})
        for names in groups.values()
    ]


def curves_section(drawn: Sequence[Figure], names: Sequence[str], last_step: int) -> str:
    """Return the section of the curves."""
    if not drawn:
        return sections.section("Curves", "", sections.nothing("Nothing was logged yet."))
    shown = "".join(sections.curve_figure(name, about, lines, names, last_step) for name, about, lines in drawn)
    lead = "Metrics and unweighted losses over the steps: pale the values, strong their running mean. "
    lead += "Point at a curve to read it."
    return sections.section("Curves", lead, f'<div class="curves">{shown}</div>')


def metrics_section(records: Sequence[RunRecord], names: Sequence[str]) -> str:
    """Return the section of the metrics, or nothing where none were measured."""
    rows = []
    for name in measures.names(records):
        knows = next(record for record in records if name in record.metrics)
        better = measures.direction(name, knows)
        found = [
            measures.measured(record.metrics[name], better) if name in record.metrics else None for record in records
        ]
        rows.append((name, better, measures.sentence(name, knows.config), found))
    if not rows:
        return ""
    lead = "Measured on the test images: the best value of the run and the last one, each with its step."
    said = next((record.protocol for record in records if record.protocol), {})
    return sections.section("Metrics", lead, sections.metric_table(rows, names) + sections.protocol(said))


def config_section(records: Sequence[RunRecord], names: Sequence[str]) -> str:
    """Return the section of the configs: each objective as a table, then everything, and what differs."""
    parts = []
    for run, (record, name) in enumerate(zip(records, names, strict=True)):
        text = record.config_text or (json.dumps(record.config, indent=2) if record.config else "")
        content = sections.objective_table(record.config) + (sections.config_listing(text) if text else "")
        if content and len(records) > 1:
            summary = f"<summary>{sections.swatch(run)}{escape(name)}</summary>"
            content = f'<details class="run"{" open" if run == 0 else ""}>{summary}{content}</details>'
        parts.append(content)
    if not any(parts):
        return sections.section("Config", "", sections.nothing("This folder has no config."))
    different = sections.differences([record.config for record in records], names) if len(records) > 1 else ""
    lead = "The objective as the config says it, and every setting of the run."
    return sections.section("Config", lead, "".join(parts) + different)
