"""The HTML report of one or several runs: one file that opens from disk and needs no network."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from i2ikit.engine.reporter import format_duration, format_pace
from i2ikit.errors import RunError, printable
from i2ikit.files import cannot_write, expanded, write_atomically
from i2ikit.report.album import Album, make_album
from i2ikit.report.curves import Plot, make_plots
from i2ikit.report.page_images import PageImages
from i2ikit.report.record import RunRecord, best_indices, describe_metric, is_step, mapping, metric_names, read_record
from i2ikit.report.settings import differences, format_plain, read_objective

STYLE = "page.css"
SCRIPTS = ("theme.js", "images.js", "viewer.js", "gallery.js", "curves.js")


def write_report(
    work_dirs: Path | Sequence[Path],
    page: Path | None = None,
    *,
    linked: bool = False,
    title: str = "",
    names: Sequence[str] = (),
    extra: str = "",
) -> Path:
    """Write the HTML report of a run, or of several side by side; it names what is not there yet.

    Args:
        work_dirs: work directories of runs, finished or not.
        page: the file; by default ``index.html`` in the first work directory.
        linked: link the images as files beside the page instead of embedding them.
        title: by default the names of the runs.
        names: of the runs; by default those of their folders.
        extra: HTML of :func:`render`, shown before everything else.

    Returns:
        the page.

    Raises:
        RunError: the page cannot be written, or a file of a run is nested too deeply.
    """
    folders = [*map(expanded, [work_dirs] if isinstance(work_dirs, str | Path) else work_dirs)]
    page = folders[0] / "index.html" if page is None else expanded(page)
    names = names or distinct_names(folders)
    images = PageImages(page, linked=linked)
    try:
        records = [read_record(folder) for folder in folders]
        album, plots = make_album(records, images), make_plots(records)
        text = render(
            "page.html.j2",
            title=title or " · ".join(names),
            names=names,
            records=records,
            facts=[facts(record) for record in records],
            album=album,
            plots=plots,
            metrics=metric_rows(records),
            objectives=[read_objective(record.config) for record in records],
            differences=differences([record.config for record in records]),
            environment={key: ", ".join(flat_words(value)) for key, value in records[0].environment.items()},
            refused={name: record.files.refused for name, record in zip(names, records, strict=True)},
            data=page_data(album, names, plots),
            images=images,
            extra=Markup(extra),
            style=resource(STYLE),
            script=Markup("\n").join(map(resource, SCRIPTS)),
        )
        write_atomically(page, text.encode("utf-8", errors="replace"))
    except OSError as error:
        raise cannot_write(f"the report {page}", error, "Write it elsewhere: `--out FILE`.") from error
    except RecursionError as error:
        raise RunError(
            f"cannot write the report {page}: the log or the config of a run is nested too deeply"
        ) from error
    return page


def render(template: str, **values: Any) -> str:
    """Return a template of this package as HTML; all values are escaped."""
    environment = Environment(
        loader=PackageLoader("i2ikit.report"),
        autoescape=True,
        finalize=lambda value: printable(value) if type(value) is str else value,  # Markup is ours
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    environment.filters |= {"digits": digits, "plain": format_plain, "thousands": "{:,}".format}
    return environment.get_template(template).render(**values)


def resource(name: str) -> Markup:
    """Return a style sheet or script of this package."""
    return Markup(Path(__file__).with_name("assets").joinpath(name).read_text("utf-8"))  # our own text


def distinct_names(paths: Sequence[Path]) -> list[str]:
    """Return the names of files or folders, with as much of the path above them as makes them distinct."""
    parts = [path.resolve().parts for path in paths]
    depth = 1
    while depth < max(map(len, parts)) and len({part[-depth:] for part in parts}) < len({*parts}):
        depth += 1
    return ["/".join(part[-depth:]) for part in parts]


def facts(record: RunRecord) -> dict[str, str]:
    """Return method, data, steps, epochs, time, speed and device of a run, as far as they are known."""
    last, seconds, environment = record.last, record.last.get("time"), record.environment
    found = {
        name: str(environment[key]) for name, key in (("Method", "method"), ("Config", "config")) if key in environment
    }
    data = mapping(mapping(record.config.get("data")).get("train"))
    if "type" in data:
        found["Data"] = str(data.get("root", data["type"]))
    if "step" in last:
        steps = environment.get("steps")
        found["Steps"] = f"{last['step']:,}" + (f" of {steps:,}" if is_step(steps) and steps > last["step"] else "")
    if is_step(last.get("epoch")):
        found["Epochs"] = f"{last['epoch']:,}"
    if seconds is not None and 0 < seconds < math.inf:
        found["Time"] = format_duration(seconds)
        found["Speed"] = format_pace(last["step"] / seconds)
    if "device" in environment:
        found["Device"] = str(environment["device"])
    return found


def metric_rows(records: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """Return ``name``, ``better``, ``about`` and ``cells`` of each metric.

    A cell is None, or the ``value``, ``step`` and ``winner`` (whether it is the best of several runs) of the best and
    then of the last measurement of each run.
    """
    rows = []
    for name in metric_names(records):
        better = next(filter(None, (record.better.get(name) for record in records)), "")
        series = [record.metrics.get(name) for record in records]
        pairs = [
            (each.best(better), (each.values[-1], each.steps[-1])) if each is not None else (None, None)
            for each in series
        ]
        winners = [
            best_indices([point and point[0] for point in points], better) for points in zip(*pairs, strict=True)
        ]
        cells = [
            point and {"value": point[0], "step": point[1], "winner": run in best}
            for run, points in enumerate(pairs)
            for point, best in zip(points, winners, strict=True)
        ]
        config = next(record.config for record in records if name in record.metrics)
        rows.append({"name": name, "better": better, "about": describe_metric(name, config), "cells": cells})
    return rows


def page_data(album: Album, names: Sequence[str], plots: Sequence[Plot]) -> dict[str, Any]:
    """Return what the scripts of the page need besides the images."""
    return {
        "runs": list(names),
        "items": [asdict(item) for item in album.items],
        "measures": album.measures,
        "curves": [asdict(plot) for plot in plots],
    }


def digits(value: float) -> str:
    """Return a value with four digits, or "not finite"."""
    return f"{value:.4g}" if math.isfinite(value) else "not finite"


def flat_words(value: Any) -> list[str]:
    """Return a value of the environment as a list of texts, nested data flattened."""
    if isinstance(value, Mapping):
        return [f"{key} {' '.join(flat_words(item))}".strip() for key, item in value.items()]
    return [part for item in value for part in flat_words(item)] if isinstance(value, list) else [str(value)]
